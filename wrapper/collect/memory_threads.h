/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory_threads: the threads of a process -> the records thread of line.h: what each does now,
 * and its Python stack, with its variables in records local, read as memory_task.h says.
 */
#ifndef TELETAP_COLLECT_MEMORY_THREADS_H
#define TELETAP_COLLECT_MEMORY_THREADS_H

#include "collect/memory_list.h"
#include "collect/memory_processes.h"
#include "collect/memory_stacks.h"

#define MEMORY_LOOK_MS 4000 /* a snapshot takes no longer */

/* What a snapshot counts. */
struct memory_counts {
	int64_t threads;
	int64_t unseen; /* threads that were not looked at */
	int64_t torn;   /* whose stack could not be read in one piece */
	int64_t cut;    /* whose stack is not shown as a whole */
	int64_t end_ms; /* CLOCK_MONOTONIC: no later */
	bool locals;    /* variables are wanted, too */
	int64_t left;   /* variables and frames that were left out of them */
};

/* Writes the records of the threads of this process. */
void memory_threads_look(FILE *f, struct memory *m, const struct python *p,
			 struct memory_stacks *stacks, struct memory_counts *counts);

#endif
