/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * utf8_paths: before markers of CPython are switched on, whether they would break a program.
 */
#ifndef TELETAP_MODULE_UTF8_PATHS_H
#define TELETAP_MODULE_UTF8_PATHS_H

#include "module/plan.h"

/*
 * Looks at every process that has the plan's file mapped, since markers are switched on
 * in all of them, and at the command that is about to be started. Returns 0, with *jit
 * set when one of them was asked to use its JIT; -EILSEQ with *msg set when one has a
 * path that is no UTF-8, -ENOTSUP when import markers need their semaphore (import_sites.h).
 * Does nothing for markers other than those two kinds.
 */
int guard(const struct plan *plan, const struct target *t, bool *jit, char **msg);

/* Whether import markers may be switched on by their semaphore; at first they may not. */
void guard_lets_encode(bool does);

#endif
