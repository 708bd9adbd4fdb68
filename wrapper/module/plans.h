/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plans: the pages of a command line -> plans, and their modules' files.
 */
#ifndef TELETAP_MODULE_PLANS_H
#define TELETAP_MODULE_PLANS_H

#include <stdbool.h>

#include "base/options.h"
#include "module/pack.h"
#include "module/plan.h"

#define PLAN_PAGES 32

/*
 * One plan for each collection that the pages need, into plans (room for n_wanted), by the
 * options --collector and --pack, and its module into kos, as plan_module has it. of[p]: which
 * of them page p has its figures from. Pages that cannot work are taken off wanted, and why is
 * said. Returns 0, or -errno with *msg set when none is left.
 */
int plan_pages(const struct page **wanted, int *n_wanted, const struct target *t,
	       const struct opts *o, struct plan *plans, struct pack_ko *kos, int *n, int *of,
	       char **msg);

/*
 * Adds to the n plans (room for PLAN_PAGES) those whose modules these pages draw from, too
 * (page.h, also), as far as they can be had at once: the target has the markers, and the
 * module is ready, which kos (likewise) then has.
 */
void plan_also(const struct page *const *wanted, int n_wanted, const struct target *t,
	       const struct opts *o, struct plan *plans, struct pack_ko *kos, int *n);

/*
 * The plan's module for the running kernel: from the pack (NULL: none), from the
 * cache, or compiled now, which is said; "" for pages that need none. Returns 0 with *ko set, or
 * -errno with *msg set.
 */
int plan_module(const struct plan *plan, const char *pack, struct pack_ko *ko, char **msg);

#endif
