/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * timing_notes: what the pages about calls say of how their figures come about.
 */
#ifndef TELETAP_PAGES_TIMING_NOTES_H
#define TELETAP_PAGES_TIMING_NOTES_H

#include "model/state.h"
#include "model/table.h"

/* Whether calls are timed; true when the module does not tell. */
bool timed(const struct state *s);

/* Adds a note for each reason why figures are missing; verb: "counted", "shown". */
void timed_notes(const struct state *s, struct table *t, const char *verb);

#endif
