/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * page_list: the pages that a command line names, and the target they need.
 */
#ifndef TELETAP_CMD_PAGE_LIST_H
#define TELETAP_CMD_PAGE_LIST_H

#include "base/options.h"
#include "pages/page.h"
#include "target/target.h"

/*
 * Reads the first argument, "gc,210", into wanted (room for PLAN_PAGES), and sees
 * that the options belong to them. False: a line that says what is wrong stands on
 * stderr.
 */
bool plan_read(const struct opts *o, const struct page **wanted, int *n);

/* Whether o names no target, and the pages need none, being all of the host. */
bool plan_is_host(const struct opts *o, const struct page *const *wanted, int n_wanted);

/*
 * Opens the target of o as target_open does. Where none is needed, it is the host.
 */
int plan_target(const struct opts *o, const struct page *const *wanted, int n_wanted,
		struct target *t, char **msg);

#endif
