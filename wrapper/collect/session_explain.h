/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * session_explain: why a session has ended, or cannot be, for people.
 */
#ifndef TELETAP_COLLECT_SESSION_EXPLAIN_H
#define TELETAP_COLLECT_SESSION_EXPLAIN_H

#include "collect/stap_run.h"
#include "module/plan.h"

/*
 * A module with a probe missing has figures that are not whole: it is not used. error: the
 * kernel's. Returns -EBUSY with *msg set.
 */
int session_refused(const struct plan *plan, int64_t error, char **msg);

/* How staprun has ended. */
struct session_end {
	int status;    /* as waitpid has it */
	bool final;    /* the module's last snapshot has come */
	bool stopping; /* its end was asked for by us */
};

/* Explains that, with staprun's words. Returns -ECANCELED with *msg set. */
int session_explain(const struct plan *plan, const struct runner *r, const struct session_end *end,
		    char **msg);

#endif
