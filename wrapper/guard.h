/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guard: before function markers are switched on, whether they would break a program.
 */
#ifndef TELETAP_GUARD_H
#define TELETAP_GUARD_H

#include "resolve.h"

/*
 * Looks at every process that has the plan's file mapped, since markers are switched on
 * in all of them, and at the command that is about to be started. Returns 0, with *jit
 * set when one of them was asked to use its JIT; -EILSEQ with *msg set when one has a
 * path that is no UTF-8. Does nothing for other markers than those of functions.
 */
int guard(const struct plan *plan, const struct target *t, bool *jit, char **msg);

#endif
