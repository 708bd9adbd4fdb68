/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * asyncio: the tasks of CPython's _asyncio, from 3.14 on, read from memory; for older versions see
 * asyncio_sets.h. Those that its class Task has made; a task of a class in pure Python is not
 * among them.
 */
#ifndef TELETAP_CPYTHON_ASYNCIO_H
#define TELETAP_CPYTHON_ASYNCIO_H

#include "cpython/objects.h"

#define ASYNCIO_MINOR 14    /* the first version that says where it keeps them */
#define ASYNCIO_AWAITERS 64 /* of one task; more are counted */
#define ASYNCIO_LIST (1 << 20)

/* A class of tasks, and the one of futures that it derives from; 0: there is none. */
struct asyncio_class {
	uint64_t task, future;
	uint64_t derived; /* a class met before that derives from task */
};

#define ASYNCIO_RUNNING 256 /* loops of an interpreter without _asyncio */

/* Where _asyncio keeps what. */
struct asyncio {
	/* As it says itself, from 3.14 on. */
	uint64_t name, awaited_by, is_set, coroutine, node; /* in a task */
	uint64_t ended;         /* in an interpreter: the tasks of threads that have ended */
	uint64_t running, head; /* in a thread state: the running task; its tasks */

	/* To 3.13, and without _asyncio; addresses. */
	const struct python_task_layout *before;
	uint64_t loop;                       /* where a thread state has it, or what has it */
	uint64_t globals, groups;            /* dicts of asyncio.tasks and asyncio.taskgroups */
	uint64_t scheduled, eager;           /* sets of tasks */
	uint64_t current;                    /* dict of loops and the tasks that they run */
	struct asyncio_class native, python; /* _asyncio's, and those of the modules in Python */
	uint64_t weakref;                    /* a class that was met before */
	struct {
		uint64_t loop, thread;
	} loops[ASYNCIO_RUNNING]; /* without _asyncio: which thread runs which */
	int n_loops;
};

struct asyncio_task {
	char name[OBJECT_TEXT + 4];
	uint64_t coroutine;                  /* 0: it has none any more */
	uint64_t future;                     /* that it waits for, and not for its turn; 0: none */
	uint64_t awaiters[ASYNCIO_AWAITERS]; /* tasks; to 3.13 the futures that they wait for */
	int n_awaiters;
	int more; /* awaiters that found no room */
};

/* Looks for it. Returns 0; -ENOENT: it is not loaded, or not found; -errno. */
int asyncio_find(struct memory *m, const struct python *p, struct asyncio *a);

/*
 * The tasks of a list, whose head is at this address, into list; *unseen counts those without
 * room. Returns how many, or -errno.
 */
int asyncio_list(struct memory *m, const struct asyncio *a, uint64_t head, uint64_t *list, int room,
		 int64_t *unseen);

/* Whether the task is in a list. */
bool asyncio_is_listed(struct memory *m, const struct asyncio *a, uint64_t task);

/* Reads a task. Returns 0, or -errno. */
int asyncio_task(struct memory *m, const struct python *p, const struct asyncio *a, uint64_t at,
		 struct asyncio_task *task);

/* Adds the members of a set. Returns 0, or -errno. */
int asyncio_add_awaiters(struct memory *m, uint64_t set, struct asyncio_task *task);

/* The name of a task. Returns 0, or -errno. */
int asyncio_name(struct memory *m, const struct python *p, uint64_t at, char out[OBJECT_TEXT + 4]);

#endif
