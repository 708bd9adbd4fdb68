/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gc_unmarked: whether the target's interpreter goes on collecting garbage, by its own count in its
 * memory. Where no marker tells of it, the markers of collections are not where the file's notes
 * say, or are not passed any more: without a word the page would show 0.
 */
#ifndef TELETAP_COLLECT_GC_UNMARKED_H
#define TELETAP_COLLECT_GC_UNMARKED_H

#include "collect/memory_gc.h"
#include "module/plan.h"

struct gc_unmarked {
	bool looks; /* there is something to look at, and it has not been said */
	pid_t pid;
	struct python python;
	struct memory_gc gc;
};

/* Decides whether there is something to look at: a page of collections, of one process. */
void gc_unmarked_begin(struct gc_unmarked *u, const struct plan *plan, const struct target *t);

/* The markers are on: from now on it counts. Where memory cannot be read it never will. */
void gc_unmarked_marked(struct gc_unmarked *u);

/*
 * Before each snapshot is asked for: the record unmarked, once, with the time; to be freed. NULL:
 * there is nothing to say.
 */
char *gc_unmarked_line(struct gc_unmarked *u);

void gc_unmarked_end(struct gc_unmarked *u);

#endif
