/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * module: plan -> a .ko file: from a pack, from the cache, or compiled.
 */
#ifndef TELETAP_MODULE_MODULE_H
#define TELETAP_MODULE_MODULE_H

#include <stdbool.h>

#include "module/compiler.h"
#include "module/plan.h"
#include "module/sign.h"

/*
 * Finds the plan's module for the running kernel in the pack (NULL: none), then in
 * the cache. Returns 0 with *ko set, -ENOENT when it has to be
 * compiled, another -errno with *msg set when one must not be used. "" for pages that need
 * none (page.h, PAGE_RING).
 */
int module_find(const struct plan *plan, const char *pack, struct pack_ko *ko, char **msg);

/*
 * Whether the pack (NULL: the cache) holds the plan's module for a kernel release,
 * signed by signer (NULL: or not).
 */
bool module_ready(const struct plan *plan, const char *release, const char *pack,
		  const struct signer *signer);

/* Signs that module. Returns 0, or -errno with *msg set. */
int module_sign(const struct plan *plan, const char *release, const char *pack,
		const struct signer *signer, char **msg);

/*
 * Compiles the plan's module for a kernel release and puts it into the pack (NULL:
 * the cache). Nothing is compiled when the pack or the running kernel, whose answer is
 * sought when it is for that one, would refuse it. Takes about half a minute the first time for a
 * kernel, then some seconds; calls tick (may be NULL) meanwhile, with the seconds gone by. Returns
 * 0, or -errno with *msg set.
 */
int module_compile(const struct plan *plan, const char *release, const char *pack,
		   compiler_tick *tick, char **msg);

#endif
