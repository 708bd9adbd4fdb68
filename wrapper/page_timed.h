/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * page_timed: what the pages about calls say of how their figures come about.
 */
#ifndef TELETAP_PAGE_TIMED_H
#define TELETAP_PAGE_TIMED_H

#include "state.h"
#include "table.h"

/* Whether calls are timed; true when the module does not tell. */
bool timed(const struct state *s);

/* Adds a note for each reason why figures are missing; verb: "counted", "shown". */
void timed_notes(const struct state *s, struct table *t, const char *verb);

#endif
