/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sessions: the modules of one run, all at work at once: loaded one after the other, asked
 * and read together.
 */
#ifndef TELETAP_COLLECT_SESSIONS_H
#define TELETAP_COLLECT_SESSIONS_H

#include <poll.h>

#include "collect/session.h"
#include "module/plans.h"
#include "pages/page.h"

struct sessions {
	struct session list[PLAN_PAGES];
	int n;
};

/*
 * Loads the n modules kos of plans for the target, and switches their markers on; a page
 * can be without those that it draws from, too. recorder: gets their lines; NULL: none. wake:
 * see session_attach. Returns 0, or -errno with *msg set; those that are loaded by then stay.
 */
int sessions_load(struct sessions *all, const struct pack_ko *kos, struct plan *plans, int n,
		  const struct target *t, const struct opts *o, struct recorder *recorder, int wake,
		  char **msg);

/* What all of them know, the page's own one first. */
void sessions_states(const struct sessions *all, const struct session *own, struct states *states);

/* Fills in what is to be polled, SESSIONS_FDS at most; returns how many. */
#define SESSIONS_FDS (2 * PLAN_PAGES)
int sessions_fds(const struct sessions *all, struct pollfd *fds);

/* Reads what has come. Returns 0, or -errno with *msg set. */
int sessions_read(struct sessions *all, char **msg);

/* Whether the lines of one of them have ended. */
bool sessions_ended(const struct sessions *all);

/* Asks all for a snapshot; whether all of them have answered: a page can be drawn then. */
void sessions_ask(struct sessions *all);
bool sessions_answered(const struct sessions *all);

/* The snapshots that are there have been shown. */
void sessions_shown(struct sessions *all);

/*
 * Reads until the lines of all have ended, or done (NULL: nothing) says so, but not longer
 * than limit_ms. Returns 0, or -errno with *msg set.
 */
int sessions_drain(struct sessions *all, bool (*done)(const struct sessions *all), int limit_ms,
		   char **msg);

/* session_stop, session_unload and session_finish for each; the first error of the last. */
void sessions_stop(struct sessions *all);
void sessions_unload(struct sessions *all);
int sessions_finish(struct sessions *all, char **msg);

/* Gives back all memory. */
void sessions_free(struct sessions *all);

#endif
