/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * session: one module at work: the runner's bytes, cut into lines, fed into the
 * state; the markers switched on once the module is there to see them.
 */
#ifndef TELETAP_COLLECT_SESSION_H
#define TELETAP_COLLECT_SESSION_H

#include "base/options.h"
#include "collect/child.h"
#include "collect/crash.h"
#include "collect/gc_unmarked.h"
#include "collect/ring_collector.h"
#include "collect/stap_run.h"
#include "collect/uncounted.h"
#include "model/state.h"
#include "module/plan.h"
#include "recording/writer.h"
#include "target/semaphore.h"

struct session {
	struct plan plan;
	struct runner runner;
	struct feeder feeder; /* in its place, for pages that come from a ring, */
	struct child child;   /* and for other collectors without a module */
	struct semaphores semaphores[PLAN_FILES]; /* of each of the plan's files */
	bool counts;                              /* --counts */
	struct state state;
	bool stopped;     /* session_stop was called */
	bool stopping;    /* its end was asked for by us, not by somebody else before */
	int64_t asked;    /* snapshots that would be there if all questions were answered */
	int64_t due;      /* so many answer the question that matters */
	int64_t waits_ms; /* since then a question has had no answer; 0: there is none */
	int64_t attach_end, attach_asked;
	struct crash crash; /* of the module of page 247 */
	struct uncounted uncounted;
	struct gc_unmarked unmarked;
	bool overlong;             /* in a line longer than LINE_BYTES */
	struct recorder *recorder; /* gets all lines; NULL: none */
	int source;                /* the module's number there */
	size_t len;
	char buf[LINE_BYTES + 1];
};

/*
 * Loads the module ko for the target, with the options of o that its pages take.
 * Returns 0, or -errno with *msg set.
 */
int session_start(struct session *s, const struct plan *plan, const struct pack_ko *ko,
		  const struct target *t, const struct opts *o, char **msg);

/*
 * Waits until the module answers, then switches the markers on. -ETIME: it did not;
 * -EINTR: wake became readable before.
 */
int session_attach(struct session *s, int wake, char **msg);

/* One step of that, without waiting. 1: attached; 0: not yet; otherwise as above. */
int session_attach_step(struct session *s, char **msg);

/*
 * Asks for a snapshot. It has come when session_answered says so. The one that a
 * module sends at its end answers session_stop only.
 */
void session_ask(struct session *s);
bool session_answered(const struct session *s);

/*
 * For how many seconds the module has not answered; 0: no longer than an answer may take.
 * Its page stands still meanwhile, which must be said.
 */
int session_silent_s(const struct session *s);

/*
 * Reads what has come. Returns how many snapshots were completed, or -errno with
 * *msg set; runner.out is -1 when the lines have ended.
 */
int session_read(struct session *s, char **msg);

/* How long what a living target itself has counted takes to come into the kernel; 0: it is. */
int session_lag_ms(const struct session *s);

/* Asks for the last snapshot. */
void session_stop(struct session *s);

/* Switches the markers off and takes the module out; its lines then end. */
void session_unload(struct session *s);

/*
 * After the lines have ended. Returns 0; -ECANCELED with *msg set when staprun
 * ended on its own; -EBUSY when the module cannot be removed.
 */
int session_finish(struct session *s, char **msg);

#endif
