/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * app: a line of a program's ring, in words. Pure.
 */
#ifndef TELETAP_PAGES_APP_H
#define TELETAP_PAGES_APP_H

#include "pages/page.h"

/* What a line says, and what sort of line it is; first: SAID_LANE or WORDS_LANE. */
const char *ring_text(struct table *t, const struct record *r, int first);
const char *ring_level(const struct record *r, int first);

#endif
