/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * resolve: wanted page + markers present -> a plan, or the reason why not.
 */
#ifndef TELETAP_MODULE_RESOLVE_H
#define TELETAP_MODULE_RESOLVE_H

#include "module/plan.h"

/*
 * What the page needs for this collector, which must be one of the page's. Returns 0, or -errno
 * with *msg set: -ENOENT when the target lacks the markers. A page of the host has a plan for
 * every target.
 */
int resolve_page(const struct page *page, enum collector by, const struct target *t,
		 struct plan *plan, char **msg);

/* Whether the file has the markers that the origin's module probes. */
bool resolve_has(const struct origin *origin, const struct sdt_file *sdt);

#endif
