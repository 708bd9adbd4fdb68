// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * teletap watch and teletap record: one poll for the clock, signals, the target and the modules.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/output_queue.h"
#include "base/signals.h"
#include "cmd/cmd.h"
#include "cmd/page_list.h"
#include "cmd/screen.h"
#include "cmd/stack_files.h"
#include "cmd/watch_program_page.h"
#include "collect/sessions.h"
#include "cpython/binary.h"
#include "cpython/extension.h"
#include "cpython/inject.h"
#include "module/plan.h"
#include "render/render.h"
#include "source/config.h"
#include "source/program_pages.h"
#include "target/pid_namespace.h"
#include "target/target.h"

#define ANSWER_MS 2000
#define ONCE_MS 20000 /* a page that is the only one is waited for */
#define UNLOAD_MS 15000
#define SILENT_AGAIN_S 5 /* between two words about a module that does not answer */

struct watch {
	const struct opts *o;
	struct target target;
	const struct page *pages[PLAN_PAGES];
	int n_pages;
	int of[PLAN_PAGES];       /* the place of each page's session in sessions */
	struct sessions sessions; /* one per module */
	struct render_target shown;
	char python[PYTHON_VERSION_MAX];
	bool color;
	int signals, timer; /* -1: not open yet */
	int signal;         /* that ended the run; 0: none */
	bool last;          /* the page is the last one */
	bool once;          /* it is of one moment, and comes at once */
	struct status_limits limits;
	int said_s;           /* how long a module was silent when that was said; 0: it was not */
	struct outlet outlet; /* for the pages */
	int broken;           /* errno: our pages cannot be written any more; 0: they can */
	long printed;
	struct recorder *recorder; /* teletap record: instead of printing */
	char *why;                 /* it cannot be written any more */
};

/* Writes what the modules have sent as one moment; instead of printing pages. */
static int record(struct watch *w, enum moment_kind kind)
{
	for (int i = 0; i < w->sessions.n; i++) {
		const struct session *s = &w->sessions.list[i];

		if (kind == MOMENT_BASE)
			recorder_begin(w->recorder, s->source, s->state.first.mono_ns);
		recorder_not_understood(w->recorder, s->source,
					s->state.unknown + s->state.malformed);
	}
	sessions_shown(&w->sessions);
	return recorder_moment(w->recorder, kind, w->printed, w->sessions.list[0].state.now.real_ns,
			       &w->why);
}

static int open_events(struct watch *w)
{
	w->signals = signals_open(false);
	w->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	return w->signals < 0 || w->timer < 0 ? -errno : 0;
}

/* Whose pages they are: the program that the plans are about. */
static void describe(struct watch *w, const struct plan *plans, int n)
{
	w->shown.python = w->python;
	w->shown.exe = plans[0].file->path;
	for (int i = 0; i < n; i++) {
		if (plans[i].file->fd < 0)
			continue;
		python_version(plans[i].file->fd, w->python);
		w->shown.exe = plans[i].file->path;
		break;
	}
	if (w->shown.exe == plans[0].file->path && plans[0].file->fd < 0 && w->target.n_files)
		w->shown.exe = w->target.files[0].path; /* page 200 is about it, too */
	/*
	 * The extension's file is not the interpreter's. What is read from a process's memory is
	 * about the process, wherever its CPython lies.
	 */
	for (size_t i = 0; i < w->target.n_files && !*w->python; i++) {
		python_version(w->target.files[i].fd, w->python);
		if (*w->python && plans[0].collector != COLLECT_MEMORY)
			w->shown.exe = w->target.files[i].path;
	}
}

/* Makes plans of the pages, gets their modules and loads them. */
static int start(struct watch *w, char **msg)
{
	struct plan plans[PLAN_PAGES] = { 0 };
	struct pack_ko kos[PLAN_PAGES] = { 0 };
	int n = 0, err = 0;

	err = plan_pages(w->pages, &w->n_pages, &w->target, w->o, plans, kos, &n, w->of, msg);
	if (err)
		goto out;
	plan_also(w->pages, w->n_pages, &w->target, w->o, plans, kos, &n);
	for (int i = 0; i < n; i++)
		w->target.gives |= plans[i].given;
	describe(w, plans, n);
	if (!geteuid())
		runner_sweep();
	/* Not before the modules are there: Ctrl-C ends a compiler as it ends everything else. */
	err = open_events(w);
	if (!err)
		err = target_start(&w->target, msg);
	w->shown.pid = w->target.pid;
	if (!err && w->o->write)
		err = recorder_open(&w->recorder, w->o->write, (int64_t)(w->o->size_mb * 1e6),
				    (int)w->o->keep, &w->shown, msg);
	if (!err)
		err = sessions_load(&w->sessions, kos, plans, n, &w->target, w->o, w->recorder,
				    w->signals, msg);
	if (!err && w->recorder)
		err = record(w, MOMENT_BASE);
	if (!err)
		target_release(&w->target);
out:
	for (int i = 0; i < PLAN_PAGES; i++)
		free(kos[i].path);
	return err;
}

/* One page and a newline, as far as there is room for them. Returns an errno. */
static int put(struct watch *w, char *page)
{
	size_t len = strlen(page);
	int err;

	page[len] = '\n';
	err = outlet_add(&w->outlet, page, len + 1);
	return -(err ? err : outlet_write(&w->outlet));
}

/* What is to be drawn now; returns how many pages. */
static int moment(struct watch *w, struct render *list, struct states *all)
{
	for (int p = 0; p < w->n_pages; p++) {
		const struct session *own = &w->sessions.list[w->of[p]];

		all[p] = (struct states){ .limits = &w->limits };
		sessions_states(&w->sessions, own, &all[p]);
		list[p] = (struct render){ .page = w->pages[p],
					   .target = &w->shown,
					   .state = &own->state,
					   .states = &all[p],
					   .color = w->color,
					   .width = want_width(),
					   .number = w->printed,
					   .last = w->last };
	}
	return w->n_pages;
}

static void print_pages(struct watch *w)
{
	static struct render list[PLAN_PAGES];
	static struct states all[PLAN_PAGES];
	char *page;

	if (w->broken)
		return;
	w->printed++;
	if (w->recorder) {
		w->broken = -record(w, w->last ? MOMENT_LAST : MOMENT_PAGE);
		return;
	}
	page = render_pages(w->o->output, list, moment(w, list, all));
	w->broken = page ? put(w, page) : ENOMEM;
	free(page);
	for (int p = 0; p < w->n_pages && !w->broken; p++)
		w->broken = export_write(w->o, list[p].page, list[p].state, w->shown.exe);
	sessions_shown(&w->sessions);
}

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

/* A page does not come: its reader must not take the last one for the present. */
static void say_silent(struct watch *w)
{
	for (int i = 0; i < w->sessions.n; i++) {
		const struct session *s = &w->sessions.list[i];
		int silent = session_silent_s(s);

		if (silent && silent >= w->said_s + SILENT_AGAIN_S) {
			say(s->state.cut ? "the module %s has had more to say than its buffer "
					   "holds for %d s, so no page comes: watch fewer "
					   "processes, or without --by"
					 : "the module %s has not answered for %d s, so no page "
					   "comes: start again, or see 'dmesg'",
			    s->plan.module, silent);
			w->said_s = silent;
			return;
		}
	}
}

enum { FD_SIGNAL, FD_TIMER, FD_TARGET, FD_PAGES, FD_SESSIONS };

/*
 * Runs until a reason to stop: count reached, target ended, signal, reader gone, or
 * a module's lines ended. The last page is not printed here.
 */
static int watch_loop(struct watch *w, char **msg)
{
	bool pending = false;
	struct pollfd fds[FD_SESSIONS + SESSIONS_FDS];

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
			print_pages(w);
		}
		if (fds[FD_PAGES].revents)
			w->broken = fds[FD_PAGES].revents == POLLOUT ? -outlet_write(&w->outlet)
								     : EPIPE;
		if (w->broken || fds[FD_TARGET].revents)
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

/*
 * Collects what is still in the kernel, prints it, and only then switches off: that
 * and taking the modules out take a second, which must not stretch the interval. But no
 * module stays because nobody reads: then the page waits until they are out. A module that
 * does not answer any more sends its last snapshot when it is unloaded.
 */
static int stop(struct watch *w, char **msg)
{
	int err = 0, ret;

	sessions_stop(&w->sessions);
	if (!w->broken)
		err = sessions_drain(&w->sessions, sessions_answered, w->once ? ONCE_MS : ANSWER_MS,
				     msg);
	w->last = !err && sessions_answered(&w->sessions);
	if (w->last)
		print_pages(w);
	if (!w->broken)
		outlet_flush(&w->outlet, w->signals, OUTLET_GRACE_MS);
	sessions_unload(&w->sessions);
	if (!err)
		err = sessions_drain(&w->sessions, NULL, UNLOAD_MS, msg);
	if (!err && !w->last && sessions_answered(&w->sessions)) {
		w->last = true;
		print_pages(w);
	}
	if (!err && !w->last && !w->broken && !w->why)
		w->why = last_cut(w);
	if (!err && !w->last && w->once && !w->broken && !w->why)
		w->why = strdup("the page did not come in time: is the machine busy?");
	ret = sessions_finish(&w->sessions, msg);
	if (!w->broken)
		w->broken = -outlet_flush(&w->outlet, w->signals, w->signal ? OUTLET_GRACE_MS : -1);
	if (w->broken == EINTR && !w->signal)
		w->signal = signals_take(w->signals);
	return err ? err : ret;
}

/* Reads the line and finds the target; what is wrong with them has then been said. */
static enum status prepare(struct watch *w)
{
	const struct opts *o = w->o;
	char *msg = NULL;
	int err;

	if (!plan_read(o, w->pages, &w->n_pages) || !export_possible(o, w->pages, w->n_pages))
		return STATUS_USAGE;
	err = config_limits(o->config, &w->limits, &msg);
	if (!err)
		err = plan_target(o, w->pages, w->n_pages, &w->target, &msg);
	if (!err && !o->no_extension)
		extension_offer(&w->target);
	if (!err && o->inject)
		err = inject(&w->target, o, &msg);
	if (!err)
		return STATUS_OK;
	say_why(msg, err);
	free(msg);
	return err == -EINVAL ? STATUS_USAGE : STATUS_REFUSED;
}

/* Whether the run went well; err and stop_err: how it and stop ended. If not, says why. */
static bool went_well(struct watch *w, int err, const char *msg, int stop_err, const char *stop_msg)
{
	if (err == -EINTR && (w->signal = signals_take(w->signals)))
		return false; /* before the first page */
	if (err == -ECANCELED || (!err && stop_err))
		say_why(stop_msg, stop_err);
	else if (err)
		say_why(msg, err);
	else if (w->why)
		say_why(w->why, -EIO);
	else if (w->broken && w->broken != EPIPE) /* a reader that has gone knows it */
		say("standard output: %s: the pages are not complete",
		    w->broken == EINTR ? "nobody reads it" : strerror(w->broken));
	else
		return true;
	return false;
}

/* Whether nothing is to be waited for: all pages are of one moment, and one is wanted. */
static bool is_once(const struct watch *w)
{
	bool now = w->target.kind != TARGET_COMMAND && !w->o->write && !w->o->interval_given &&
		   w->o->count <= 1;

	for (int p = 0; p < w->n_pages; p++)
		now &= w->pages[p]->now && (w->o->count == 1 || w->pages[p]->once);
	return now;
}

static enum status watch(const struct opts *o)
{
	/* its sessions are too big for a stack */
	static struct watch w = { .signals = -1, .timer = -1 };
	char *msg = NULL, *stop_msg = NULL;
	enum status status;
	bool begun, good;
	int err, stop_err, ended;

	w.o = o;
	w.color = want_color(o);
	outlet_begin(&w.outlet, STDOUT_FILENO);
	status = prepare(&w);
	if (status != STATUS_OK)
		return status;
	err = start(&w, &msg);
	begun = !err;
	w.once = begun && is_once(&w);
	if (begun && !w.once) {
		start_clock(&w);
		err = watch_loop(&w, &msg);
	} else if (!begun) {
		w.broken = EPIPE; /* nothing worth a page */
	}
	stop_err = stop(&w, &stop_msg);
	if (recorder_close(w.recorder, !begun, &w.why) && !w.broken)
		w.broken = EIO;
	good = went_well(&w, err, msg, stop_err, stop_msg);
	ended = target_ended(&w.target);
	sessions_free(&w.sessions);
	outlet_free(&w.outlet);
	target_close(&w.target);
	free(msg);
	free(stop_msg);
	free(w.why);
	if (w.signal)
		return (enum status)(STATUS_SIGNAL + w.signal);
	return good ? (enum status)ended : STATUS_REFUSED;
}

/* On a terminal: pages are loaded as they are gone to. */
static enum status watch_screen(const struct opts *o)
{
	const struct page *wanted[PLAN_PAGES];
	struct source *source;
	char *msg = NULL;
	int n = 0, ret;

	if (!plan_read(o, wanted, &n))
		return STATUS_USAGE;
	runner_sweep();
	source = NULL;
	if (o->pid || o->n_files || plan_is_host(o, wanted, n))
		source = live_open(o, &ret, &msg);
	else
		ret = fail(&msg, EINVAL, "no target: give -p PID or -e FILE");
	if (source) {
		ret = screen_run(source, o, wanted, n, &msg);
		source->close(source);
	}
	if (ret < 0)
		say_why(msg, ret);
	free(msg);
	return ret > 0          ? (enum status)(STATUS_SIGNAL + ret)
	       : !ret           ? STATUS_OK
	       : ret == -EINVAL ? STATUS_USAGE
				: STATUS_REFUSED;
}

enum status cmd_watch(const struct opts *given)
{
	struct opts own = *given;
	const struct opts *o = &own;
	char *end = NULL;
	long number;

	if (!opts_take_interval(&own))
		return STATUS_USAGE;
	number = o->n_args == 1 ? strtol(o->args[0], &end, 10) : 0;
	if (number >= OWN_FIRST && number <= OWN_LAST && !*end) {
		if (o->output != OUTPUT_OPENMETRICS)
			return watch_own(o, (int)number);
		say("-o openmetrics: pages that a program draws itself have no metrics");
		return STATUS_USAGE;
	}
	/* A command of our own has the terminal for itself. */
	return screen_possible(o) && !o->command && !geteuid() ? watch_screen(o) : watch(o);
}

enum status cmd_record(const struct opts *given)
{
	struct opts o = *given;

	if (!opts_take_interval(&o))
		return STATUS_USAGE;
	if (o.write)
		return watch(&o);
	say("no file to write to: -w FILE");
	return STATUS_USAGE;
}
