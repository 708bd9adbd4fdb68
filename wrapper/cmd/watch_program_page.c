// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Nothing is loaded and nothing read from the process: it is asked. So this needs no
 * root for a process of one's own.
 */
#include "cmd/watch_program_page.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/signals.h"
#include "source/program_pages.h"

struct watch_own {
	const struct opts *o;
	struct own *own;
	int number;
	int signals, process; /* descriptors to poll */
	int signal;           /* that has come; 0: none */
	bool ended;           /* the process has */
	enum page_state state;
};

/* Waits until then, for a signal, the process's end, or, if it is open, the answer. */
static void wait_until(struct watch_own *w, int64_t until_ms)
{
	for (;;) {
		int64_t left = until_ms - clock_ms(CLOCK_MONOTONIC);
		bool open = own_waits(w->own, w->number);
		struct pollfd fds[2 + OWN_FDS] = { { .fd = w->signals, .events = POLLIN },
						   { .fd = w->process, .events = POLLIN } };

		poll(fds, 2 + (nfds_t)own_fds(w->own, fds + 2), left > 0 ? (int)left : 0);
		if (fds[0].revents)
			w->signal = signals_take(w->signals);
		w->ended |= fds[1].revents != 0;
		own_step(w->own, clock_ms(CLOCK_MONOTONIC));
		if (left <= 0 || w->signal || w->ended || (open && !own_waits(w->own, w->number)))
			return;
	}
}

/* False: standard output is gone. */
static bool print_page(struct watch_own *w)
{
	char *text;
	bool good;

	w->state = own_draw(w->own, w->number, w->o->output == OUTPUT_JSON, &text);
	good = text && fputs(text, stdout) >= 0 &&
	       (w->o->output == OUTPUT_JSON || putchar('\n') >= 0) && !fflush(stdout);
	free(text);
	return good;
}

static void run(struct watch_own *w)
{
	int64_t next = clock_ms(CLOCK_MONOTONIC);

	for (long printed = 0; !w->signal && !w->ended;) {
		own_want(w->own, w->number, clock_ms(CLOCK_MONOTONIC));
		if (own_waits(w->own, w->number))
			wait_until(w, clock_ms(CLOCK_MONOTONIC) + OWN_MS + 100);
		if (w->signal || w->ended || !print_page(w))
			return;
		if (++printed == w->o->count)
			return;
		next += (int64_t)(w->o->interval * 1000);
		if (next < clock_ms(CLOCK_MONOTONIC))
			next = clock_ms(CLOCK_MONOTONIC);
		wait_until(w, next);
	}
}

/* A zombie can be opened as any other process. */
static bool has_ended(int process)
{
	struct pollfd fd = { .fd = process, .events = POLLIN };

	return poll(&fd, 1, 0) > 0;
}

enum status watch_own(const struct opts *o, int number)
{
	struct watch_own w = { .o = o, .number = number, .state = PAGE_CANNOT };

	if (!o->pid || o->group || o->n_files || o->command) {
		say("page %d is drawn by a process: name that (-p PID)", number);
		return STATUS_USAGE;
	}
	w.process = (int)syscall(SYS_pidfd_open, o->pid, 0);
	if (w.process < 0) {
		say("process %d: %s", (int)o->pid, strerror(errno));
		return STATUS_REFUSED;
	}
	if (has_ended(w.process)) {
		say("process %d runs no program: it has ended, and its parent has not taken note "
		    "of that: there is nobody to ask for page %d",
		    (int)o->pid, number);
		close(w.process);
		return STATUS_REFUSED;
	}
	w.own = own_open();
	w.signals = signals_open(false);
	if (w.own && w.signals >= 0) {
		own_process(w.own, o->pid, NULL);
		run(&w);
	}
	own_close(w.own);
	close(w.process);
	return w.signal               ? (enum status)(STATUS_SIGNAL + w.signal)
	       : w.state == PAGE_LIVE ? STATUS_OK
				      : STATUS_NO;
}
