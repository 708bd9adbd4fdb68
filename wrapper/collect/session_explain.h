/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * session_explain: why a session has ended, or cannot be, for people.
 */
#ifndef TELETAP_COLLECT_SESSION_EXPLAIN_H
#define TELETAP_COLLECT_SESSION_EXPLAIN_H

#include "collect/session.h"

/* A module with a probe missing has figures that are not whole: it is not used. -EBUSY, *msg set.
 */
int session_refused(const struct session *s, char **msg);

/* Explains staprun's wait status and words. Returns -ECANCELED with *msg set. */
int session_explain(const struct session *s, int status, char **msg);

#endif
