// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/memory_awaits.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "cpython/asyncio_sets.h"

bool awaits_hold(struct awaits *w, const struct awaits_loop *loop, struct memory_task *now)
{
	bool held = !loop->tid || memory_task_hold(w->m->pid, loop->tid, now);

	memory_forget(w->m);
	return held && (!loop->tid || (now->state != 'X' && now->state != 'Z'));
}

bool awaits_held(const struct awaits *w, const struct awaits_loop *loop,
		 const struct memory_task *now)
{
	return !loop->tid || memory_task_given(w->m->pid, loop->tid) == now->given;
}

/* Whether tasks belong together by futures. */
static bool by_futures(const struct awaits *w)
{
	return w->p->layout.minor < ASYNCIO_MINOR;
}

/* Room for one more element of a list. */
static bool grow(void **list, int n, int *room, size_t size)
{
	int wanted = *room ? 2 * *room : 256;
	void *more;

	if (n < *room)
		return true;
	more = reallocarray(*list, (size_t)wanted, size);
	if (!more)
		return false;
	*list = more;
	*room = wanted;
	return true;
}

void awaits_add(struct awaits *w, const struct awaits_task *task, const struct asyncio_task *read)
{
	w->unnamed += read->more;
	if (!grow((void **)&w->tasks, w->n_tasks, &w->room_tasks, sizeof(*w->tasks))) {
		w->unnamed += read->n_awaiters;
		return;
	}
	w->tasks[w->n_tasks] = *task;
	w->tasks[w->n_tasks++].key = by_futures(w) ? read->future : task->at;
	for (int i = 0; i < read->n_awaiters; i++) {
		if (grow((void **)&w->edges, w->n_edges, &w->room_edges, sizeof(*w->edges)))
			w->edges[w->n_edges++] = (struct awaits_edge){ *task, read->awaiters[i] };
		else
			w->unnamed++;
	}
}

static int by_key(const void *a, const void *b)
{
	const struct awaits_task *x = a, *y = b;

	return x->key < y->key ? -1 : x->key > y->key;
}

/* The first one with this key; where it would be. */
static int find_task(const struct awaits *w, uint64_t key)
{
	int low = 0, high = w->n_tasks;

	while (low < high) {
		int middle = low + (high - low) / 2;

		if (w->tasks[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Whether the end of the task still settles what the other one waits for. */
static bool belong(struct awaits *w, const struct awaits_edge *e, const struct awaits_task *other)
{
	static struct asyncio_task task;

	if (!asyncio_sets_has(w->m, w->p, w->asyncio, other->at) ||
	    asyncio_sets_task(w->m, w->p, w->asyncio, other->at, &task) ||
	    task.future != e->awaiter || !asyncio_sets_has(w->m, w->p, w->asyncio, e->task.at) ||
	    asyncio_sets_task(w->m, w->p, w->asyncio, e->task.at, &task))
		return false;
	for (int i = 0; i < task.n_awaiters; i++) {
		if (task.awaiters[i] == e->awaiter)
			return true;
	}
	return false;
}

/* Whether the one awaits the other: 1, 0; -1: it is not known. */
static int check(struct awaits *w, const struct awaits_edge *e, const struct awaits_task *other)
{
	struct memory_task now;

	if (!by_futures(w) ||
	    (e->task.given == other->given && e->task.loop.head == other->loop.head))
		return 1;
	for (int i = 0; i < AWAITS_TRIES && clock_ms(CLOCK_MONOTONIC) < w->end_ms; i++) {
		bool good;

		if (!awaits_hold(w, &other->loop, &now))
			continue;
		good = belong(w, e, other);
		if (awaits_held(w, &other->loop, &now))
			return good;
	}
	return -1;
}

void awaits_write(struct awaits *w, FILE *f)
{
	if (w->n_tasks)
		qsort(w->tasks, (size_t)w->n_tasks, sizeof(*w->tasks), by_key);
	for (int i = 0; i < w->n_edges; i++) {
		const struct awaits_edge *e = &w->edges[i];
		int first = find_task(w, e->awaiter), k = first;

		for (; k < w->n_tasks && w->tasks[k].key == e->awaiter; k++) {
			int is = check(w, e, &w->tasks[k]);

			if (is > 0)
				fprintf(f, "awaits\t%" PRId64 "\t%" PRId64 "\n", e->task.id,
					w->tasks[k].id);
			w->unnamed += is < 0;
		}
		/* To 3.13 it is no loss that nobody waits for a future. */
		w->unnamed += k == first && !by_futures(w);
	}
	w->n_tasks = w->n_edges = 0;
}

void awaits_free(struct awaits *w)
{
	free(w->tasks);
	free(w->edges);
}
