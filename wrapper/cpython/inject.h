/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inject: brings the extension (python/) into a CPython process that has not imported
 * it, by the interface that the interpreter keeps for that (PEP 768, from 3.14 on).
 */
#ifndef TELETAP_CPYTHON_INJECT_H
#define TELETAP_CPYTHON_INJECT_H

#include "target/target.h"

/*
 * Makes the process of the target import the extension, unless it has, and opens the
 * target, that o names, again. Waits until the extension is there, at most 5 s: while
 * the main thread runs no Python code it cannot be. Returns 0, or -errno with *msg set
 * (-EINVAL: wrong usage); the process is then as it was.
 */
int inject(struct target *t, const struct opts *o, char **msg);

#endif
