/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory_tasks: the asyncio tasks of a process -> the records task and awaits of line.h. Those of
 * a thread are read while it does not run (memory_task.h); those whose thread has ended, which
 * nobody may be expected to change, as they are.
 */
#ifndef TELETAP_COLLECT_MEMORY_TASKS_H
#define TELETAP_COLLECT_MEMORY_TASKS_H

#include "collect/memory_stacks.h"
#include "cpython/process.h"

#define MEMORY_TASKS 10000 /* of a snapshot; more are counted */

/* What a snapshot counts. */
struct memory_task_counts {
	int64_t tasks;
	int64_t unseen;  /* tasks without room or time */
	int64_t torn;    /* that could not be read in one piece */
	int64_t unread;  /* lists of tasks, likewise */
	int64_t cut;     /* whose stack is not shown as a whole */
	int64_t unnamed; /* awaiters without a record */
	int64_t foreign; /* objects of other classes among the tasks */
	int64_t end_ms;  /* CLOCK_MONOTONIC: no later */
};

/* Writes the records of the tasks of this process. */
void memory_tasks_look(FILE *f, struct memory *m, const struct python *p,
		       struct memory_stacks *stacks, struct memory_task_counts *counts);

#endif
