/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory_awaits: who awaits whom among the tasks of a process -> the records `awaits`. And how
 * the thread of a loop is kept from running meanwhile (memory_task.h).
 *
 * From 3.14 on a task has the tasks that await it. To 3.13 two tasks belong together by a future,
 * which the one waits for and the end of the other one settles: when their loop ran between the
 * reading of the two, it may be another future at the same address, and is looked at again.
 */
#ifndef TELETAP_COLLECT_MEMORY_AWAITS_H
#define TELETAP_COLLECT_MEMORY_AWAITS_H

#include <stdio.h>

#include "collect/memory_task.h"
#include "cpython/asyncio.h"

#define AWAITS_TRIES 40

/* The loop of a task. */
struct awaits_loop {
	uint64_t head; /* address that no other loop has */
	pid_t tid;     /* its thread; 0: none, which cannot be held */
};

/* A task that has a record. */
struct awaits_task {
	uint64_t key; /* what awaited ones have of it: its address; to 3.13 the future */
	uint64_t at;
	int64_t id; /* of its record */
	struct awaits_loop loop;
	int64_t given; /* how often its thread had a processor then (memory_task.h) */
};

struct awaits_edge {
	struct awaits_task task;
	uint64_t awaiter; /* a key */
};

struct awaits {
	struct memory *m;
	const struct python *p;
	struct asyncio *asyncio;
	int64_t end_ms;  /* CLOCK_MONOTONIC: no later */
	int64_t unnamed; /* awaiters without a record */
	struct awaits_task *tasks;
	struct awaits_edge *edges;
	int n_tasks, n_edges, room_tasks, room_edges;
};

/* Notes a task that has this record. */
void awaits_add(struct awaits *w, const struct awaits_task *task, const struct asyncio_task *read);

/* Writes the records, and forgets the tasks. */
void awaits_write(struct awaits *w, FILE *f);

void awaits_free(struct awaits *w);

/* Waits until the thread of a loop does not run. False: not now, or it has ended. */
bool awaits_hold(struct awaits *w, const struct awaits_loop *loop, struct memory_task *now);

/* Whether it has not run since. */
bool awaits_held(const struct awaits *w, const struct awaits_loop *loop,
		 const struct memory_task *now);

#endif
