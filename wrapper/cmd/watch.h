/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watch: what the parts of 'teletap watch' and 'teletap record' share. watch.c begins and ends
 * a run, watch_run.c waits for what happens in it, watch_pages.c writes its pages.
 */
#ifndef TELETAP_CMD_WATCH_H
#define TELETAP_CMD_WATCH_H

#include <stdbool.h>

#include "base/options.h"
#include "base/output_queue.h"
#include "collect/sessions.h"
#include "cpython/binary.h"
#include "module/plans.h"
#include "pages/status_limits.h"
#include "recording/writer.h"
#include "render/render.h"
#include "target/target.h"

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

/*
 * Writes what the modules have sent as one moment; instead of printing pages. Returns 0 or
 * -errno, with w->why to be freed.
 */
int watch_record(struct watch *w, enum moment_kind kind);

/* Prints, or records, what the modules have sent last; w->broken says if that fails. */
void watch_print(struct watch *w);

/*
 * Runs until a reason to stop: count reached, target ended, signal, reader gone, or
 * a module's lines ended. The last page is not printed here. Returns 0 or -errno, with *msg.
 */
int watch_run(struct watch *w, char **msg);

/*
 * Collects what is still in the kernel, prints it, and only then switches off: that
 * and taking the modules out take a second, which must not stretch the interval. But no
 * module stays because nobody reads: then the page waits until they are out. A module that
 * does not answer any more sends its last snapshot when it is unloaded. Returns 0 or -errno,
 * with *msg.
 */
int watch_stop(struct watch *w, char **msg);

#endif
