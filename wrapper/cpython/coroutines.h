/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * coroutines: a coroutine or generator -> how far it is, the functions that it is in, and those
 * of what it awaits. As with frames.h, its thread does not run meanwhile.
 */
#ifndef TELETAP_CPYTHON_COROUTINES_H
#define TELETAP_CPYTHON_COROUTINES_H

#include "cpython/frames.h"

/* How far a coroutine is. */
enum coroutine_state { COROUTINE_NEW, COROUTINE_WAITS, COROUTINE_RUNS, COROUTINE_ENDED };

/* Adds the frames of a coroutine that a thread state runs. Returns 0, or -errno. */
int coroutine_running(struct memory *m, const struct python *p, uint64_t thread, uint64_t coroutine,
		      struct python_frames *out);

/*
 * Likewise those of a coroutine that is not running, and of what it awaits, as far as these are
 * coroutines or generators. Returns 0; -ENOENT: it is not a coroutine of CPython's own; -errno.
 */
int coroutine_awaiting(struct memory *m, const struct python *p, uint64_t coroutine,
		       enum coroutine_state *state, struct python_frames *out);

#endif
