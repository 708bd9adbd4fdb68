// SPDX-License-Identifier: GPL-2.0-or-later
/* A run: one poll for the clock, signals, the target, the modules, and who reads the pages. */
#include "cmd/watch.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/signals.h"

#define ANSWER_MS 2000 /* what a module has not said by then comes when it is unloaded */
#define LAST_MS 20000  /* what other collectors have not said by then is lost */
#define UNLOAD_MS 15000
#define SILENT_AGAIN_S 5 /* between two words about a collector that does not answer */

/* The first interval begins now; the clock keeps its step however long a page takes. */
static void start_clock(struct watch *w)
{
	double interval = w->o->interval;
	struct itimerspec spec;

	spec.it_interval.tv_sec = (time_t)interval;
	spec.it_interval.tv_nsec = (long)((interval - (double)(time_t)interval) * 1e9);
	spec.it_value = spec.it_interval;
	timerfd_settime(w->timer, 0, &spec, NULL);
}

static void say_silent_module(const struct session *s, int seconds)
{
	say(s->state.cut ? "the module %s has had more to say than its buffer holds for %d s, so "
			   "no page comes: watch fewer processes, or without --by"
			 : "the module %s has not answered for %d s, so no page comes: start "
			   "again, or see 'dmesg'",
	    s->plan.module, seconds);
}

/* A page does not come: its reader must not take the last one for the present. */
static void say_silent(struct watch *w)
{
	for (int i = 0; i < w->sessions.n; i++) {
		const struct session *s = &w->sessions.list[i];
		int silent = session_silent_s(s);

		if (silent && silent >= w->said_s + SILENT_AGAIN_S) {
			if (s->plan.collector == COLLECT_STAP)
				say_silent_module(s, silent);
			else
				say("page %d: its collector has not answered for %d s: is the "
				    "machine busy?",
				    s->plan.page->number, silent);
			w->said_s = silent;
			return;
		}
	}
}

enum { FD_SIGNAL, FD_TIMER, FD_TARGET, FD_PAGES, FD_SESSIONS };

int watch_run(struct watch *w, char **msg)
{
	bool pending = false;
	struct pollfd fds[FD_SESSIONS + SESSIONS_FDS];

	start_clock(w);
	for (;;) {
		bool due = false;
		uint64_t ticks;
		int n, err;

		fds[FD_SIGNAL] = (struct pollfd){ .fd = w->signals, .events = POLLIN };
		fds[FD_TIMER] = (struct pollfd){ .fd = w->timer, .events = POLLIN };
		fds[FD_TARGET] = (struct pollfd){ .fd = w->target.pidfd, .events = POLLIN };
		fds[FD_PAGES] = (struct pollfd){ .fd = w->recorder ? -1 : STDOUT_FILENO,
						 .events = outlet_waits(&w->outlet) ? POLLOUT : 0 };
		n = FD_SESSIONS + sessions_fds(&w->sessions, fds + FD_SESSIONS);
		if (poll(fds, (nfds_t)n, -1) < 0 && errno != EINTR)
			return -errno;
		err = sessions_read(&w->sessions, msg);
		if (err || sessions_ended(&w->sessions))
			return err;
		if (pending && sessions_answered(&w->sessions)) {
			pending = false;
			w->said_s = 0;
			watch_print(w);
		}
		if (fds[FD_PAGES].revents)
			w->broken = fds[FD_PAGES].revents == POLLOUT ? -outlet_write(&w->outlet)
								     : EPIPE;
		if (w->broken || (fds[FD_TARGET].revents && target_gone(&w->target)))
			return 0;
		if (fds[FD_SIGNAL].revents && (w->signal = signals_take(w->signals)))
			return 0;
		if (fds[FD_TIMER].revents && read(w->timer, &ticks, sizeof(ticks)) == sizeof(ticks))
			due = !outlet_waits(&w->outlet); /* nobody has read the last page yet */
		/* The page that completes the count is the last one: it is made at the end. */
		if (due && w->o->count && w->printed + 1 >= w->o->count && !pending)
			return 0;
		if (due && pending)
			say_silent(w);
		/* Once more when an answer was lost. */
		if (due)
			sessions_ask(&w->sessions);
		pending |= due;
	}
}

/* Why there is no last page, when the last answer found no room (to be freed); else NULL. */
static char *last_cut(const struct watch *w)
{
	char *why = NULL;

	for (int i = 0; i < w->sessions.n && !why; i++) {
		const struct session *s = &w->sessions.list[i];

		if (s->state.cut && !session_answered(s) &&
		    asprintf(&why,
			     "the module %s: its last answer is larger than its buffer: there is "
			     "no last page; watch fewer processes, or without --by",
			     s->plan.module) < 0)
			return NULL;
	}
	return why;
}

static int answer_ms(const struct watch *w)
{
	bool modules = !w->once;

	for (int i = 0; i < w->sessions.n; i++)
		modules = modules && w->sessions.list[i].plan.collector == COLLECT_STAP;
	return modules ? ANSWER_MS : LAST_MS;
}

int watch_stop(struct watch *w, char **msg)
{
	int err = 0, ret;

	sessions_stop(&w->sessions);
	if (!w->broken)
		err = sessions_drain(&w->sessions, sessions_answered, answer_ms(w), msg);
	w->last = !err && sessions_answered(&w->sessions);
	if (w->last)
		watch_print(w);
	if (!w->broken)
		outlet_flush(&w->outlet, w->signals, OUTLET_GRACE_MS);
	sessions_unload(&w->sessions);
	if (!err)
		err = sessions_drain(&w->sessions, NULL, UNLOAD_MS, msg);
	if (!err && !w->last && sessions_answered(&w->sessions)) {
		w->last = true;
		watch_print(w);
	}
	if (!err && !w->last && !w->broken && !w->why)
		w->why = last_cut(w);
	if (!err && !w->last && (w->once || w->printed) && !w->broken && !w->why &&
	    asprintf(&w->why, "the %spage did not come in time: is the machine busy?",
		     w->once ? "" : "last ") < 0)
		w->why = NULL;
	ret = sessions_finish(&w->sessions, msg);
	if (!w->broken)
		w->broken = -outlet_flush(&w->outlet, w->signals, w->signal ? OUTLET_GRACE_MS : -1);
	if (w->broken == EINTR && !w->signal)
		w->signal = signals_take(w->signals);
	return err ? err : ret;
}
