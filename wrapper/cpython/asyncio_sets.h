/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * asyncio_sets: asyncio's tasks to CPython 3.13, and in later versions those of programs without
 * _asyncio, which are in a weak set of the module asyncio.tasks. Who awaits a task those to 3.13 do
 * not keep; what is kept are the futures that its end settles, and the future that each task waits
 * for.
 */
#ifndef TELETAP_CPYTHON_ASYNCIO_SETS_H
#define TELETAP_CPYTHON_ASYNCIO_SETS_H

#include "cpython/asyncio.h"

/* Tasks of the class in Python that are looked at in a list: each takes many reads. */
#define ASYNCIO_PYTHON 20000

/*
 * Looks for it in an interpreter. Returns 0; -ENOENT: it is not loaded; -ENOTSUP: its tasks are
 * not what this version's should be; -errno.
 */
int asyncio_sets_find(struct memory *m, const struct python *p, uint64_t interpreter,
		      struct asyncio *a);

/* The loop that a thread runs; 0: it runs none. Returns 0, or -errno. */
int asyncio_sets_loop(struct memory *m, const struct python *p, const struct asyncio *a,
		      const struct python_thread *thread, uint64_t *loop);

/*
 * Without _asyncio no thread state has its loop, but loops have their threads: those of tasks are
 * noted, which are read into list. Returns 0, or -errno.
 */
int asyncio_loops_note(struct memory *m, const struct python *p, struct asyncio *a, uint64_t *list,
		       int room);

/* What pthread_self() says in the thread that runs this loop; 0: none does. Returns 0, or -errno.
 */
int asyncio_loop_thread(struct memory *m, const struct python *p, uint64_t loop, uint64_t *thread);

/* Which tasks: those of these loops, or of all others, or of all. */
struct asyncio_loops {
	const uint64_t *list;
	int n;
	bool others, all;
};

/* As asyncio_list. *foreign counts tasks of other classes, whatever their loop. */
int asyncio_sets_list(struct memory *m, const struct python *p, struct asyncio *a,
		      const struct asyncio_loops *loops, uint64_t *list, int room, int64_t *unseen,
		      int64_t *foreign);

/* Whether there is still a task, and it is not done. */
bool asyncio_sets_has(struct memory *m, const struct python *p, struct asyncio *a, uint64_t task);

/* The task that a loop runs; 0: none. Returns 0, or -errno. */
int asyncio_sets_running(struct memory *m, const struct python *p, const struct asyncio *a,
			 uint64_t loop, uint64_t *task);

/* As asyncio_task; to 3.13 awaiters are the futures that the task's end settles. */
int asyncio_sets_task(struct memory *m, const struct python *p, struct asyncio *a, uint64_t at,
		      struct asyncio_task *task);

/* From 3.14 on: adds the tasks that await one of the class in Python. Returns 0, or -errno. */
int asyncio_awaited_by(struct memory *m, const struct python *p, uint64_t at,
		       struct asyncio_task *task);

/* Adds those futures. */
void asyncio_settled(struct memory *m, const struct python *p, struct asyncio *a, uint64_t at,
		     struct asyncio_task *task);

/* What a task has of itself, whichever class it is of. */
struct asyncio_fields {
	bool pending; /* not done */
	uint64_t loop, name, coroutine;
	uint64_t waiter; /* the future that it waits for; 0: none */
};

/* Reads them. Returns 0; -ENOENT: it is not a task; -errno. */
int asyncio_fields_read(struct memory *m, const struct python *p, struct asyncio *a, uint64_t at,
			struct asyncio_fields *f);

/* Whether an object is a task; *python: of the class in Python. */
bool asyncio_is_task(struct memory *m, struct asyncio *a, uint64_t at, bool *python);

/* Whether an object is a future, or a task; *python: likewise. */
bool asyncio_is_future(struct memory *m, const struct asyncio *a, uint64_t at, bool *python);

#endif
