// SPDX-License-Identifier: GPL-2.0-or-later
#include "net/engine.h"

#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fail.h"
#include "base/log.h"
#include "base/signals.h"
#include "net/ipc.h"
#include "net/key.h"
#include "net/place_pages.h"

#define KEY_MS 1000  /* between two looks at the key */
#define KEEP_MS 1000 /* between two words to the source about the pages of metrics */

/* Every use of an action is logged, in the system's log too. */
static void keep_log(char *line)
{
	if (!line)
		return;
	say("%s", line);
	syslog(LOG_NOTICE, "%s", line);
	free(line);
}

/* The document of metrics. Pages are not wanted by it: what it names is kept, asked for or not. */
static int send_metrics(struct engine *k)
{
	static struct ipc_message m;
	static uint32_t sequence;
	char *text = places_metrics(&k->places);
	int err;

	if (!text)
		return -ENOMEM;
	sequence++;
	m = (struct ipc_message){ .page = PAGE_CONTENTS,
				  .output = OUTPUT_OPENMETRICS,
				  .state = PAGE_LIVE,
				  .sequence = sequence };
	err = ipc_send_page(k->places.ipc, &m, text,
			    strlen(text) < IPC_PAGE_MAX ? strlen(text) : 0);
	free(text);
	return err;
}

/* The pages of the metrics are kept. */
static void keep_metrics(struct engine *k, int64_t now)
{
	if (now - k->kept_ms < KEEP_MS)
		return;
	k->kept_ms = now;
	for (int i = 0; i < k->places.n * n_pages; i++) {
		struct place *p = &k->places.list[i / n_pages];

		if (p->metrics[i % n_pages])
			place_keep(p, &pages[i % n_pages], now);
	}
}

static int take_action(struct engine *k, const struct ipc_message *m, int64_t now)
{
	static struct ipc_message answer;
	char *log = NULL;

	if (clock_ms(CLOCK_MONOTONIC) > m->until_ms)
		return 0; /* the frontend has said by now that nothing has been done */
	answer = (struct ipc_message){ .kind = IPC_ACTION, .page = m->page, .id = m->id };
	answer.len = (uint32_t)actions_take(k->actions, m->bytes, m->len, now, answer.bytes, &log);
	keep_log(log);
	return ipc_send(k->places.ipc, &answer);
}

/* What the frontend wants. -errno: it is gone. */
static int take_messages(struct engine *k, int64_t now)
{
	static struct ipc_message m;
	int ret;

	while ((ret = ipc_take(k->places.ipc, &m)) > 0) {
		if (m.kind == IPC_WANT && m.output == OUTPUT_OPENMETRICS)
			ret = send_metrics(k);
		else if (m.kind == IPC_WANT && m.place < (uint32_t)k->places.n)
			ret = place_pages_want(&k->places, &k->places.list[m.place], (int)m.page,
					       now);
		else if (m.kind == IPC_ACTION)
			ret = take_action(k, &m, now);
		if (ret < 0)
			return ret;
	}
	return ret;
}

/* The frontend gets a key as it is now; none when it is not safe or not there. */
static int send_key(struct engine *k, const char *path, enum ipc_kind kind, bool *said)
{
	static struct ipc_message m;
	char *msg = NULL;
	int err;

	m = (struct ipc_message){ .kind = kind };
	if (key_read(path, m.bytes, &msg)) {
		if (!*said)
			say_why(msg, -EPERM);
		*said = true;
	} else {
		m.len = REQUEST_KEY;
		*said = false;
	}
	free(msg);
	err = ipc_send(k->places.ipc, &m);
	sodium_memzero(m.bytes, REQUEST_KEY);
	return err;
}

/* Both, when they have not been read for a while. */
static int send_keys(struct engine *k, int64_t now)
{
	int err = 0;

	if (now - k->key_ms < KEY_MS)
		return 0;
	k->key_ms = now;
	if (k->o->key)
		err = send_key(k, k->o->key, IPC_KEY, &k->key_said);
	if (!err && k->o->token)
		err = send_key(k, k->o->token, IPC_TOKEN, &k->token_said);
	return err;
}

/* 0; the number of a signal that ends us; -ECHILD when the frontend has ended. */
static int take_signal(struct engine *k, int64_t now)
{
	int number = signals_take(k->signals);

	if (number != SIGCHLD)
		return number;
	for (int i = 0; i < k->actions->n; i++) {
		pid_t pid = k->actions->list[i].pid;
		char *log = NULL;
		int status;

		if (pid > 0 && waitpid(pid, &status, WNOHANG) == pid)
			actions_reap(k->actions, pid, status, now, &log);
		keep_log(log);
	}
	return waitpid(k->frontend, NULL, WNOHANG) == k->frontend ? -ECHILD : 0;
}

/* Waits until there is something to do, due ms at most. fds: room for all places' and two more. */
static void wait_for_work(struct engine *k, struct pollfd *fds, int due)
{
	nfds_t n = 2;

	fds[0] = (struct pollfd){ .fd = k->signals, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = k->places.ipc, .events = POLLIN };
	for (int i = 0; i < k->places.n; i++) {
		struct source *s = k->places.list[i].source;

		if (s)
			n += (nfds_t)s->fds(s, fds + n);
	}
	poll(fds, n, due);
}

static int step_places(struct engine *k, int64_t now)
{
	int due = INT32_MAX;

	for (int i = 0; i < k->places.n; i++) {
		int one = place_step(&k->places.list[i], now);

		due = one < due ? one : due;
	}
	return due;
}

static int send_places(struct engine *k, int64_t now)
{
	int err = 0;

	for (int i = 0; i < k->places.n && !err; i++)
		err = place_pages_send(&k->places, &k->places.list[i], now);
	return err;
}

int engine_run(struct engine *k, char **msg)
{
	struct pollfd *fds = calloc((size_t)k->places.n * SOURCE_FDS + 2, sizeof(*fds));
	int ret = fds ? 0 : -ENOMEM;

	k->key_ms = k->kept_ms = INT64_MIN / 2;
	while (!ret) {
		int64_t now = clock_ms(CLOCK_MONOTONIC);
		int due = step_places(k, now), action;
		char *log;

		action = actions_step(k->actions, now, &log);
		keep_log(log);
		ret = send_keys(k, now);
		keep_metrics(k, now);
		if (!ret)
			ret = take_messages(k, now);
		if (!ret)
			ret = send_places(k, now);
		if (ret)
			break;
		due = action >= 0 && action < due ? action : due;
		due = (k->o->key || k->o->token) && due > KEY_MS ? KEY_MS : due;
		wait_for_work(k, fds, due);
		if (fds[0].revents)
			ret = take_signal(k, clock_ms(CLOCK_MONOTONIC));
	}
	free(fds);
	return ret < 0 ? fail(msg, -ret, "the process that talks to the network has ended") : ret;
}
