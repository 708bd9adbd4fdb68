/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crash: the records of a crash -> rows. Pure.
 */
#ifndef TELETAP_PAGES_CRASH_H
#define TELETAP_PAGES_CRASH_H

#include "pages/page.h"

/* Makes t the table of one crash. Its columns are what, time and value. */
void crash_rows(const struct state *s, struct table *t, const struct record *crash);

/* Why, in one line that lives as long as the table. */
const char *crash_reason(struct table *t, const struct record *crash);

#endif
