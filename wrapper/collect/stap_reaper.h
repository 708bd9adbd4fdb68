/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stap_reaper: a small process beside each module, which outlives teletap. When teletap has
 * been killed it ends staprun, and sees to it that the module goes. The reasoning about
 * every way out is at the top of stap_run.c.
 */
#ifndef TELETAP_COLLECT_STAP_REAPER_H
#define TELETAP_COLLECT_STAP_REAPER_H

#include <stdbool.h>
#include <sys/types.h>

#define REAPER_FINISH_MS 15000 /* for staprun to end; unloading takes 1 to 2 s in the lab */

/* What it waits for. */
struct reaped {
	pid_t staprun;      /* a child of the caller that has not been waited for */
	const char *module; /* that it loads, as the kernel knows it */
	const char *folder; /* of stap_run.h, removed with it; NULL: none */
	int lock;           /* kept open until the module is gone; -1: none */
	int gate;           /* it writes one byte here when it has begun */
};

/* Starts one. Returns its process number, or -errno with *msg set. */
pid_t reaper_start(const struct reaped *m, char **msg);

/* It has nothing to do any more. */
void reaper_end(pid_t pid);

/*
 * Whether a module can be unloaded without harm. One that an older teletap compiled can bring
 * the kernel down then, when the kernel had refused one of its probes (docs/systemtap.md).
 */
bool reaper_may_remove(const char *module);

/*
 * Removes a module that has no stapio any more, or will soon have none; tried for some
 * seconds, as long as its probes are on their way out. False: it is still there, perhaps
 * because reaper_may_remove says no.
 */
bool reaper_remove(const char *module);

#endif
