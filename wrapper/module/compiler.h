/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compiler: a script and the file that it is to probe -> a module, by stap.
 */
#ifndef TELETAP_MODULE_COMPILER_H
#define TELETAP_MODULE_COMPILER_H

#include "module/pack.h"
#include "module/plan.h"

/*
 * What makes a module of a script besides its target: one hash over the script, all tapsets
 * and how they are compiled. Returns 0, or -errno where they are not installed.
 */
int compiler_hash(const char *script, char out[PACK_HASH]);

/* Called about ten times a second, with the seconds gone by. */
typedef void compiler_tick(int seconds);

/*
 * Compiles the plan's script for a kernel release. share: see paths_share; folder: an empty
 * one, where the module (PACK_MODULE.ko) then lies, and in a file log what stap has said.
 * tick: NULL, or called meanwhile. Returns 0, or -errno with *msg set. When this process is
 * ended meanwhile, the folder is removed.
 */
int compiler_run(const struct plan *plan, const char *release, const char *folder,
		 const char *share, compiler_tick *tick, char **msg);

#endif
