// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * teletap watch and teletap record: what is wanted, how a run begins, and how it ended.
 */
#include "cmd/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/signals.h"
#include "cmd/cmd.h"
#include "cmd/options.h"
#include "cmd/page_list.h"
#include "cmd/screen.h"
#include "cmd/stack_files.h"
#include "cmd/watch_program_page.h"
#include "cpython/extension.h"
#include "cpython/inject.h"
#include "source/config.h"
#include "source/program_pages.h"

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
		if (*w->python &&
		    (plans[0].collector != COLLECT_MEMORY || w->target.kind == TARGET_GROUP))
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
	for (int i = 0; i < n; i++) {
		w->target.gives |= plans[i].given;
		w->target.spans |= plans[i].given && !strcmp(plans[i].module, "spans");
	}
	describe(w, plans, n);
	if (!geteuid())
		runner_sweep();
	/* Not before the modules are there: Ctrl-C ends a compiler as it ends everything else. */
	err = open_events(w);
	if (!err)
		err = target_start(&w->target, msg);
	w->shown.pid = w->target.pid;
	w->shown.group = w->target.group.name;
	if (!err && w->o->write)
		err = recorder_open(&w->recorder, w->o->write, (int64_t)(w->o->size_mb * 1e6),
				    (int)w->o->keep, &w->shown, msg);
	if (!err)
		err = sessions_load(&w->sessions, kos, plans, n, &w->target, w->o, w->recorder,
				    w->signals, msg);
	if (!err && w->recorder)
		err = watch_record(w, MOMENT_BASE);
	if (!err)
		target_release(&w->target);
out:
	for (int i = 0; i < PLAN_PAGES; i++)
		free(kos[i].path);
	return err;
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

/* Whether the run went well; err and stop_err: how it and watch_stop ended. If not, says why. */
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
		err = watch_run(&w, &msg);
	} else if (!begun) {
		w.broken = EPIPE; /* nothing worth a page */
	}
	stop_err = watch_stop(&w, &stop_msg);
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
	if (opts_name_program(o) || plan_is_host(o, wanted, n))
		source = live_open(o, &ret, &msg);
	else
		ret = fail(&msg, EINVAL,
			   "no target: give -p PID, -e FILE, --unit UNIT, "
			   "--cgroup PATH or --container ID");
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
