/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * runtime: where _PyRuntime lies in a program that has CPython linked into it and exports
 * nothing, stripped or not. From 3.13 on its first bytes tell it, wherever it is. In 3.10 to
 * 3.12 it has a section of its own, which the program's file tells; before, only what it has to
 * be tells it.
 */
#ifndef TELETAP_CPYTHON_RUNTIME_H
#define TELETAP_CPYTHON_RUNTIME_H

#include "target/loaded.h"

/* Its address in the process; 0: it is not in this file. */
uint64_t runtime_find(struct memory *m, const struct loaded *l);

/* The same for 3.8 and 3.9: something that can be nothing else. */
uint64_t runtime_guess(struct memory *m, const struct loaded *l);

/* The version that it says it is of (PY_VERSION_HEX), from 3.13 on. */
bool runtime_says(struct memory *m, uint64_t runtime, uint64_t *version);

#endif
