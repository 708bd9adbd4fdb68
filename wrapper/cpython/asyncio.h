/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * asyncio: the tasks of CPython's _asyncio, from 3.14 on, read from memory. Those that its class
 * Task has made; a task of a class in pure Python is not among them.
 */
#ifndef TELETAP_CPYTHON_ASYNCIO_H
#define TELETAP_CPYTHON_ASYNCIO_H

#include "cpython/objects.h"

#define ASYNCIO_MINOR 14    /* the first version that can be read */
#define ASYNCIO_AWAITERS 64 /* of one task; more are counted */
#define ASYNCIO_LIST (1 << 20)

/* Where _asyncio keeps what, as it says itself. */
struct asyncio {
	uint64_t name, awaited_by, is_set, coroutine, node; /* in a task */
	uint64_t ended;         /* in an interpreter: the tasks of threads that have ended */
	uint64_t running, head; /* in a thread state: the running task; its tasks */
};

struct asyncio_task {
	char name[OBJECT_TEXT + 4];
	uint64_t coroutine; /* 0: it has none any more */
	bool waits;         /* for a future, and not for its turn */
	uint64_t awaiters[ASYNCIO_AWAITERS];
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

#endif
