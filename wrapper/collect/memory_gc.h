/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory_gc: what a CPython keeps about its garbage collections -> sums. It is what
 * gc.get_stats() gives.
 */
#ifndef TELETAP_COLLECT_MEMORY_GC_H
#define TELETAP_COLLECT_MEMORY_GC_H

#include "cpython/process.h"

#define MEMORY_GENERATIONS 3

struct memory_generation {
	int64_t runs, found; /* found: collected and uncollectable */
	int64_t ns;          /* from 3.15 on; -1: not kept */
};

/* Of one interpreter, when it was last read. */
struct memory_gc_last {
	uint64_t at;
	struct memory_generation generations[MEMORY_GENERATIONS];
};

struct memory_gc {
	struct memory_gc_last *last;
	size_t n;
	struct memory_generation sums[MEMORY_GENERATIONS]; /* since it was first read */
	int64_t unread;                                    /* looks in which it was not */
};

/*
 * Adds what has happened since the last time. fresh: all that has ever happened counts, as in
 * a process that began after the first look.
 */
void memory_gc_read(struct memory *m, const struct python *p, struct memory_gc *gc, bool fresh);
void memory_gc_free(struct memory_gc *gc);

#endif
