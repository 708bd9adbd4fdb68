/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * app: a line of a program's ring, in words. Pure.
 */
#ifndef TELETAP_PAGES_APP_H
#define TELETAP_PAGES_APP_H

#include "pages/page.h"

/* The fields of a record "said", and of "words" behind its first one. */
enum { F_LANE, F_TICKET, F_TIME, F_PID, F_TID, F_KIND, F_LEVEL, F_CUT, F_TEXT };

/* What the line says, and what sort of line it is; first: where its fields begin. */
const char *ring_text(struct table *t, const struct record *r, int first);
const char *ring_level(const struct record *r, int first);

#endif
