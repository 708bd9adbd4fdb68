/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * screen: pages on a terminal, redrawn in place. Three digits go to a page, as on a
 * television; other keys: see screen.c, or 'h' on the screen.
 */
#ifndef TELETAP_CMD_SCREEN_H
#define TELETAP_CMD_SCREEN_H

#include <stdbool.h>

#include "source/source.h"

/* Whether standard input and output are a terminal that can be used so. */
bool screen_possible(const struct opts *o);

/*
 * Shows pages, the first of them first, until 'q' is pressed (returns 0) or a signal
 * comes (its number); -errno with *msg set when the terminal cannot be used. The last
 * page is then printed, so that it stays.
 */
int screen_run(struct source *s, const struct opts *o, const struct page *const *wanted, int n,
	       char **msg);

#endif
