/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory_stacks: stacks -> the records place and step of line.h, each said once in a snapshot;
 * or, for samples, name, node and lineno, each said once.
 */
#ifndef TELETAP_COLLECT_MEMORY_STACKS_H
#define TELETAP_COLLECT_MEMORY_STACKS_H

#include <stdio.h>

#include "cpython/frames.h"

#define STACKS_PLACES 20000
#define STACKS_STEPS 50000
#define STACKS_SLOTS (1 << 18) /* a power of two, more than those together */

struct memory_stacks {
	FILE *f; /* where the records go; it may be another one for the next stack */
	bool samples;
	int64_t places, steps;
	struct stacks_entry *slots;
};

/* Begins a snapshot, or, for samples, the first one. False: out of memory. */
bool memory_stacks_begin(struct memory_stacks *s, FILE *f, bool samples);

/*
 * The number of this stack, in samples with "..." in place of frames that are left out; 0: it has
 * no frames; -1: there is no room for more.
 */
int64_t memory_stacks_add(struct memory_stacks *s, const struct python_frames *frames);

void memory_stacks_free(struct memory_stacks *s);

#endif
