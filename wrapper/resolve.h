/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * resolve: wanted page + markers present -> a plan, or the reason why not.
 */
#ifndef TELETAP_RESOLVE_H
#define TELETAP_RESOLVE_H

#include "page.h"
#include "target.h"

#define TARGET_ID_MAX (2 * SDT_BUILD_ID_MAX + 8)

#define PLAN_TICK_MS 100 /* TICK_MS of python/native */

/* What has to be loaded, and into which file its probes go. */
struct plan {
	const struct page *page;     /* one of the module's pages */
	const struct origin *origin; /* of that page */
	const char *module;          /* of that origin */
	bool also;                   /* a page draws from it, too, and can be without */
	bool ticks; /* the file's own code adds up, and hands over every PLAN_TICK_MS */
	bool jit;   /* a process that will be probed was asked to use its JIT; see guard.h */
	const struct target_file *file; /* belongs to the target; of the host: fd is -1 */
	char id[TARGET_ID_MAX];         /* names the file's contents: its build-id; or "host" */
};

/*
 * Returns 0, or -errno with *msg set: -ENOENT when the target lacks the markers. A page
 * of the host has a plan for every target.
 */
int resolve_page(const struct page *page, const struct target *t, struct plan *plan, char **msg);

/* Whether the file has the markers that the origin's module probes. */
bool resolve_has(const struct origin *origin, const struct sdt_file *sdt);

#endif
