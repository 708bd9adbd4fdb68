/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stack_files: the stacks of page 223 -> files for flame graph viewers (pages/stacks.h).
 */
#ifndef TELETAP_CMD_STACK_FILES_H
#define TELETAP_CMD_STACK_FILES_H

#include "base/options.h"
#include "model/state.h"
#include "pages/page.h"

/* Whether a page of these can be exported, if the options ask for it. Says what is wrong. */
bool export_possible(const struct opts *o, const struct page *const *shown, int n);

/*
 * Writes the files that the options ask for, when the page is the one that they are
 * about. A file appears whole, in place of the one before. name: of the target. Returns
 * 0, or an errno value, which has then been said.
 */
int export_write(const struct opts *o, const struct page *page, const struct state *s,
		 const char *name);

#endif
