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
#include "net/contents.h"
#include "net/ipc.h"
#include "net/key.h"

#define KEY_MS 1000  /* between two looks at the key */
#define KEEP_MS 1000 /* between two words to the source about the pages of metrics */

/* What the frontend has of a page. */
struct shown {
	int64_t asked_ms; /* 0: never */
	uint32_t version; /* 0: nothing */
};

/* Every use of an action is logged, in the system's log too. */
static void keep_log(char *line)
{
	if (!line)
		return;
	say("%s", line);
	syslog(LOG_NOTICE, "%s", line);
	free(line);
}

static const struct page *page_at(int number)
{
	for (int i = 0; i < n_pages; i++) {
		if (pages[i].number == number)
			return &pages[i];
	}
	return NULL;
}

static int send_page(struct engine *k, const struct page *page)
{
	static uint32_t sequence;
	int err = 0;

	sequence += !sequence + 1;
	for (int json = 0; json < 2 && !err; json++) {
		char *text = NULL;
		enum page_state state = k->source->draw(k->source, page, json, &text);

		if (!text)
			return -ENOMEM;
		if (strlen(text) > IPC_PAGE_MAX) {
			free(text);
			text = source_notice(page, json, "cannot", 0, "The page is too long.");
			state = PAGE_CANNOT;
		}
		if (text)
			err = ipc_send_page(k->ipc, page->number, json, state, sequence, text,
					    strlen(text));
		free(text);
	}
	return err;
}

/* One that the program draws itself. */
static int send_own(struct engine *k, int number)
{
	int err = 0;

	for (int json = 0; json < 2 && !err; json++) {
		char *text = NULL;
		enum page_state state = own_draw(k->source->own, number, json, &text);

		if (!text)
			return -ENOMEM;
		err = ipc_send_page(k->ipc, number, json, state,
				    own_version(k->source->own, number), text, strlen(text));
		free(text);
	}
	return err;
}

/* The names of the program's own pages. */
static int send_names(struct engine *k)
{
	static struct ipc_message m;
	const char *name, *title;

	m = (struct ipc_message){ .kind = IPC_NAMES, .len = OWN_PAGES * IPC_NAME };
	for (int i = 0; k->source->own && i < OWN_PAGES; i++) {
		if (own_listed(k->source->own, OWN_FIRST + i, &name, &title))
			snprintf((char *)m.bytes + i * IPC_NAME, IPC_NAME, "%s", name);
	}
	return ipc_send(k->ipc, &m);
}

static int send_contents(struct engine *k)
{
	static uint32_t sequence;
	int err = send_names(k);

	sequence++;
	for (int json = 0; json < 2 && !err; json++) {
		char *text = contents_draw(k->source, k->actions, json);

		if (!text)
			return -ENOMEM;
		err = ipc_send_page(k->ipc, PAGE_CONTENTS, json, PAGE_LIVE, sequence, text,
				    strlen(text));
		free(text);
	}
	return err;
}

/* The document of metrics. Pages are not wanted by it: what it names is kept, asked for or not. */
static int send_metrics(struct engine *k)
{
	static uint32_t sequence;
	char *text = source_metrics(k->source, k->metrics);
	int err;

	if (!text)
		return -ENOMEM;
	err = ipc_send_page(k->ipc, PAGE_CONTENTS, OUTPUT_OPENMETRICS, PAGE_LIVE, ++sequence, text,
			    strlen(text) < IPC_PAGE_MAX ? strlen(text) : 0);
	free(text);
	return err;
}

/* The pages of the metrics are kept. */
static void keep_metrics(struct engine *k, int64_t now)
{
	for (int i = 0; i < n_pages && now - k->kept_ms >= KEEP_MS; i++) {
		if (k->metrics[i])
			k->source->want(k->source, &pages[i], now);
	}
	if (now - k->kept_ms >= KEEP_MS)
		k->kept_ms = now;
}

static int send_none(struct engine *k, int number)
{
	char text[64];
	int err = 0;

	snprintf(text, sizeof(text), "%d: no such page: 255 lists them\n", number);
	for (int json = 0; json < 2 && !err; json++)
		err = ipc_send_page(k->ipc, number, json, PAGE_NONE, 1, text, strlen(text));
	return err;
}

/* Sends what has changed of the pages asked for; those not asked for are forgotten. */
static int send_changes(struct engine *k, struct shown *shown, int64_t now)
{
	int64_t idle = (int64_t)(k->o->idle * 1000);
	struct ipc_message forget = { .kind = IPC_FORGET };
	int err = 0;

	for (int i = 0; i < n_pages && !err; i++) {
		uint32_t version = k->source->version(k->source, &pages[i]);

		if (!shown[i].asked_ms)
			continue;
		if (now - shown[i].asked_ms > idle + 1000) {
			shown[i] = (struct shown){ 0 };
			forget.page = (uint32_t)pages[i].number;
			err = ipc_send(k->ipc, &forget);
		} else if (shown[i].version != version) {
			shown[i].version = version;
			err = send_page(k, &pages[i]);
		}
	}
	return err;
}

/* Sends what the program has answered; the contents have its pages, too. */
static int send_answers(struct engine *k)
{
	struct own *own = k->source->own;
	int err = 0;

	for (int i = 0; i < OWN_PAGES && !err; i++) {
		if (k->own_asked[i] && !own_waits(own, OWN_FIRST + i)) {
			k->own_asked[i] = false;
			err = send_own(k, OWN_FIRST + i);
		}
	}
	if (!err && k->contents_asked && !(own && own_waits(own, OWN_LIST))) {
		k->contents_asked = false;
		err = send_contents(k);
	}
	return err;
}

static int take_want(struct engine *k, struct shown *shown, int number, int64_t now)
{
	const struct page *page = page_at(number);

	if (number == PAGE_CONTENTS) {
		if (k->source->own)
			own_want(k->source->own, OWN_LIST, now);
		k->contents_asked = true;
		return 0; /* send_answers does the rest */
	}
	if (own_is(number) && k->source->own) {
		own_want(k->source->own, number, now);
		k->own_asked[number - OWN_FIRST] = true;
		return 0;
	}
	if (!page)
		return number >= REQUEST_PAGE_MIN && number <= REQUEST_PAGE_MAX
			       ? send_none(k, number)
			       : 0;
	shown[page - pages].asked_ms = now;
	k->source->want(k->source, page, now);
	return 0; /* send_changes does the rest */
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
	return ipc_send(k->ipc, &answer);
}

/* What the frontend wants. -errno: it is gone. */
static int take_messages(struct engine *k, struct shown *shown, int64_t now)
{
	static struct ipc_message m;
	int ret;

	while ((ret = ipc_take(k->ipc, &m)) > 0) {
		if (m.kind == IPC_WANT && m.output == OUTPUT_OPENMETRICS)
			ret = send_metrics(k);
		else if (m.kind == IPC_WANT)
			ret = take_want(k, shown, (int)m.page, now);
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
	err = ipc_send(k->ipc, &m);
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

int engine_run(struct engine *k, char **msg)
{
	struct shown *shown = calloc((size_t)n_pages, sizeof(*shown));
	struct pollfd fds[SOURCE_FDS + 2];
	int ret = shown ? 0 : -ENOMEM;

	k->key_ms = k->kept_ms = INT64_MIN / 2;
	while (!ret) {
		int64_t now = clock_ms(CLOCK_MONOTONIC);
		int due = k->source->step(k->source, now), n, action;
		char *log;

		action = actions_step(k->actions, now, &log);
		keep_log(log);
		ret = send_keys(k, now);
		keep_metrics(k, now);
		if (!ret)
			ret = take_messages(k, shown, now);
		if (!ret)
			ret = send_changes(k, shown, now);
		if (!ret)
			ret = send_answers(k);
		if (ret)
			break;
		due = action >= 0 && action < due ? action : due;
		due = (k->o->key || k->o->token) && due > KEY_MS ? KEY_MS : due;
		fds[0] = (struct pollfd){ .fd = k->signals, .events = POLLIN };
		fds[1] = (struct pollfd){ .fd = k->ipc, .events = POLLIN };
		n = 2 + k->source->fds(k->source, fds + 2);
		poll(fds, (nfds_t)n, due);
		if (fds[0].revents)
			ret = take_signal(k, clock_ms(CLOCK_MONOTONIC));
	}
	free(shown);
	return ret < 0 ? fail(msg, -ret, "the process that talks to the network has ended") : ret;
}
