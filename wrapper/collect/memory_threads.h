/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory_threads: the threads of a process -> the records thread of line.h: what each does now,
 * and its Python stack.
 *
 * A stack is only true when its thread does not run while it is read. One that waits does not.
 * Of one that runs, we take the processor: we go where it last ran, and while we are there, it
 * is not. That it did not go on elsewhere is seen by the count of the times it was given a
 * processor (/proc/PID/task/TID/schedstat). Nothing is stopped: it waits for us as for any
 * other program, for as long as the reading takes.
 */
#ifndef TELETAP_COLLECT_MEMORY_THREADS_H
#define TELETAP_COLLECT_MEMORY_THREADS_H

#include "collect/memory_processes.h"
#include "collect/memory_stacks.h"

#define MEMORY_THREADS 4096 /* of a process; more are not looked at */
#define MEMORY_LOOK_MS 4000 /* a snapshot takes no longer */

/* What a snapshot counts. */
struct memory_counts {
	int64_t threads;
	int64_t unseen; /* threads that were not looked at */
	int64_t torn;   /* whose stack could not be read in one piece */
	int64_t cut;    /* whose stack is not shown as a whole */
	int64_t end_ms; /* CLOCK_MONOTONIC: no later */
};

/* Writes the records of the threads of this process. */
void memory_threads_look(FILE *f, struct memory *m, const struct python *p,
			 struct memory_stacks *stacks, struct memory_counts *counts);

#endif
