// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/sessions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "module/utf8_paths.h"

/* One module, as the next session. */
static int load(struct sessions *all, const struct pack_ko *ko, struct plan *plan,
		const struct target *t, const struct opts *o, struct recorder *recorder, int wake,
		char **msg)
{
	struct session *s = &all->list[all->n];
	int err = guard(plan, t, &plan->jit, msg);

	if (err)
		return err;
	vsay("%s %s", *ko->path ? "loading" : "reading", *ko->path ? ko->path : plan->file->path);
	all->n++;
	err = session_start(s, plan, ko, t, o, msg);
	if (err)
		return err;
	s->recorder = recorder;
	if (recorder)
		s->source = recorder_module(recorder, plan->module);
	/* Before the next one: a session that starts holds the lock on its target. */
	return session_attach(s, wake, msg);
}

int sessions_load(struct sessions *all, const struct pack_ko *kos, struct plan *plans, int n,
		  const struct target *t, const struct opts *o, struct recorder *recorder, int wake,
		  char **msg)
{
	for (int i = 0; i < n; i++) {
		int before = all->n;
		int err = load(all, &kos[i], &plans[i], t, o, recorder, wake, msg);

		if (!err)
			continue;
		if (err == -EINTR || !plans[i].also)
			return err;
		vsay("without %s: %s", plans[i].module, *msg ? *msg : strerror(-err));
		free(*msg);
		*msg = NULL;
		if (all->n > before) {
			struct session *s = &all->list[--all->n];

			session_unload(s);
			session_finish(s, NULL);
			state_free(&s->state);
		}
	}
	return 0;
}

void sessions_states(const struct sessions *all, const struct session *own, struct states *states)
{
	states->n = 0;
	states->list[states->n++] = &own->state;
	for (int i = 0; i < all->n; i++) {
		if (&all->list[i] != own && all->list[i].state.snapshots)
			states->list[states->n++] = &all->list[i].state;
	}
}

int sessions_fds(const struct sessions *all, struct pollfd *fds)
{
	int n = 0;

	for (int i = 0; i < all->n; i++) {
		fds[n++] = (struct pollfd){ .fd = all->list[i].runner.out, .events = POLLIN };
		fds[n++] = (struct pollfd){ .fd = all->list[i].runner.err, .events = POLLIN };
	}
	return n;
}

int sessions_read(struct sessions *all, char **msg)
{
	for (int i = 0; i < all->n; i++) {
		int ret = session_read(&all->list[i], msg);

		if (ret < 0)
			return ret;
	}
	return 0;
}

bool sessions_ended(const struct sessions *all)
{
	for (int i = 0; i < all->n; i++) {
		if (all->list[i].runner.out < 0)
			return true;
	}
	return false;
}

static bool all_ended(const struct sessions *all)
{
	for (int i = 0; i < all->n; i++) {
		if (all->list[i].runner.out >= 0)
			return false;
	}
	return true;
}

void sessions_ask(struct sessions *all)
{
	for (int i = 0; i < all->n; i++)
		session_ask(&all->list[i]);
}

bool sessions_answered(const struct sessions *all)
{
	for (int i = 0; i < all->n; i++) {
		if (!session_answered(&all->list[i]))
			return false;
	}
	return all->n > 0;
}

void sessions_shown(struct sessions *all)
{
	for (int i = 0; i < all->n; i++)
		state_shown(&all->list[i].state);
}

int sessions_drain(struct sessions *all, bool (*done)(const struct sessions *all), int limit_ms,
		   char **msg)
{
	int64_t end = clock_ms(CLOCK_MONOTONIC) + limit_ms;

	while (!all_ended(all) && !(done && done(all)) && clock_ms(CLOCK_MONOTONIC) < end) {
		struct pollfd fds[PLAN_PAGES];
		int err;

		for (int i = 0; i < all->n; i++)
			fds[i] = (struct pollfd){ .fd = all->list[i].runner.out, .events = POLLIN };
		poll(fds, (nfds_t)all->n, 100);
		err = sessions_read(all, msg);
		if (err)
			return err;
	}
	return 0;
}

void sessions_stop(struct sessions *all)
{
	int lag = 0;

	for (int i = 0; i < all->n; i++) {
		int own = session_lag_ms(&all->list[i]);

		lag = own > lag ? own : lag;
	}
	poll(NULL, 0, lag);
	for (int i = 0; i < all->n; i++)
		session_stop(&all->list[i]);
}

void sessions_unload(struct sessions *all)
{
	for (int i = 0; i < all->n; i++)
		session_unload(&all->list[i]);
}

int sessions_finish(struct sessions *all, char **msg)
{
	int err = 0;

	for (int i = 0; i < all->n; i++) {
		int ret = session_finish(&all->list[i], msg);

		err = err ? err : ret;
	}
	return err;
}

void sessions_free(struct sessions *all)
{
	for (int i = 0; i < all->n; i++)
		state_free(&all->list[i].state);
}
