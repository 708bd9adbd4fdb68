// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A list of tasks is read at once, the tasks a few at a time: a loop at full speed gets its
 * processor back in between. A task that has left the list meanwhile is passed over.
 */
#include "collect/memory_tasks.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "collect/memory_list.h"
#include "collect/memory_task.h"
#include "cpython/asyncio.h"
#include "model/escape.h"
#include "model/line.h"

#define TRIES 40
#define BATCH 32

/* A task that has been read. */
struct entry {
	bool listed;
	struct asyncio_task task;
	char coroutine[FRAMES_TEXT + 4];
	int state;
	int64_t step;
	int more;
};

struct edge {
	int64_t task;
	uint64_t awaiter;
};

/* The number of the record of a task. */
struct known {
	uint64_t at;
	int64_t id;
};

struct tasks {
	FILE *f;
	struct memory *m;
	const struct python *p;
	struct asyncio asyncio;
	struct memory_stacks *stacks;
	struct memory_task_counts *counts;
	struct memory_list *list;
	struct known *known;
	int n_known;
	struct edge *edges;
	int n_edges, room;
	uint64_t *found; /* MEMORY_TASKS */
};

/* Whose tasks are read: of a thread state, or, with at 0, those of threads that have ended. */
struct owner {
	uint64_t at, head;
	pid_t tid; /* 0: none, which cannot be held */
};

static bool hold(const struct tasks *t, const struct owner *o, struct memory_task *now)
{
	bool held = !o->tid || memory_task_hold(t->list->pid, o->tid, now);

	memory_forget(t->m);
	return held && (!o->tid || (now->state != 'X' && now->state != 'Z'));
}

/* Whether the thread has not run since. */
static bool held(const struct tasks *t, const struct owner *o, const struct memory_task *now)
{
	return !o->tid || memory_task_given(t->list->pid, o->tid) == now->given;
}

static bool is_late(const struct tasks *t)
{
	return clock_ms(CLOCK_MONOTONIC) > t->counts->end_ms;
}

static int read_stack(struct tasks *t, const struct owner *o, uint64_t task, struct entry *e)
{
	static struct python_frames frames;
	enum coroutine_state state = COROUTINE_ENDED;
	uint64_t running = 0;
	int err = 0;

	frames.n = frames.more = frames.n_codes = 0;
	if (o->at && memory_read(t->m, o->at + t->asyncio.running, &running, sizeof(running)))
		return -EFAULT;
	if (running == task) {
		state = COROUTINE_RUNS;
		err = python_frames_running(t->m, t->p, o->at, e->task.coroutine, &frames);
	} else if (e->task.coroutine) {
		err = python_frames_awaiting(t->m, t->p, e->task.coroutine, &state, &frames);
	}
	if (err == -ENOENT) { /* it is not Python's: there are no frames of it */
		state = COROUTINE_WAITS;
		err = 0;
	}
	if (err)
		return err;
	e->state = state == COROUTINE_RUNS                    ? TASK_RUNS
		   : state == COROUTINE_ENDED                 ? TASK_ENDS
		   : state == COROUTINE_NEW && !e->task.waits ? TASK_NEW
		   : e->task.waits                            ? TASK_WAITS
							      : TASK_READY;
	*e->coroutine = '\0';
	if (frames.n && !frames.more)
		strcpy(e->coroutine, frames.codes[frames.list[frames.n - 1].code].function);
	e->step = memory_stacks_add(t->stacks, &frames);
	e->more = frames.more;
	return 0;
}

static int read_task(struct tasks *t, const struct owner *o, uint64_t at, struct entry *e)
{
	int err;

	e->listed = asyncio_is_listed(t->m, &t->asyncio, at);
	if (!e->listed)
		return 0;
	err = asyncio_task(t->m, t->p, &t->asyncio, at, &e->task);
	return err ? err : read_stack(t, o, at, e);
}

static void add_edges(struct tasks *t, int64_t id, const struct asyncio_task *task)
{
	t->counts->unnamed += task->more;
	for (int i = 0; i < task->n_awaiters; i++) {
		if (t->n_edges == t->room) {
			int room = t->room ? 2 * t->room : 256;
			struct edge *more = reallocarray(t->edges, (size_t)room, sizeof(*more));

			if (!more) {
				t->counts->unnamed++;
				continue;
			}
			t->edges = more;
			t->room = room;
		}
		t->edges[t->n_edges++] = (struct edge){ id, task->awaiters[i] };
	}
}

static void write_task(struct tasks *t, const struct owner *o, uint64_t at, const struct entry *e)
{
	int64_t id = ++t->counts->tasks;

	t->known[t->n_known++] = (struct known){ at, id };
	fprintf(t->f, "task\t%" PRId64 "\t%d\t%d", id, (int)t->list->pid, o->tid ? o->tid : -1);
	escape_field(t->f, e->task.name);
	escape_field(t->f, e->coroutine);
	fprintf(t->f, "\t%d\t%" PRId64 "\t%d\n", e->state, e->step < 0 ? -1 : e->step, e->more);
	t->counts->cut += e->step < 0 || e->more;
	add_edges(t, id, &e->task);
}

/* A few tasks, until they were read while their thread did not run, or too often in vain. */
static void look_batch(struct tasks *t, const struct owner *o, const uint64_t *list, int n)
{
	static struct entry entries[BATCH];
	struct memory_task now;
	bool good[BATCH], still = false;

	for (int i = 0; i < TRIES && !still && !(i && is_late(t)); i++) {
		if (!hold(t, o, &now))
			continue;
		for (int k = 0; k < n; k++)
			good[k] = !read_task(t, o, list[k], &entries[k]);
		still = held(t, o, &now);
	}
	for (int k = 0; k < n; k++) {
		if (!still || !good[k])
			t->counts->torn++;
		else if (entries[k].listed)
			write_task(t, o, list[k], &entries[k]);
	}
}

static void look_list(struct tasks *t, const struct owner *o)
{
	int room = MEMORY_TASKS - (int)t->counts->tasks, n = -1;
	struct memory_task now;
	int64_t unseen = 0;

	for (int i = 0; i < TRIES && n < 0 && !is_late(t); i++) {
		if (!hold(t, o, &now))
			continue;
		n = asyncio_list(t->m, &t->asyncio, o->head, t->found, room, &unseen);
		if (!held(t, o, &now))
			n = -1;
	}
	t->counts->unread += n < 0;
	t->counts->unseen += n < 0 ? 0 : unseen;
	for (int i = 0; i < n; i += BATCH) {
		if (is_late(t)) {
			t->counts->unseen += n - i;
			return;
		}
		look_batch(t, o, t->found + i, n - i < BATCH ? n - i : BATCH);
	}
}

static pid_t outer_tid(const struct memory_list *l, pid_t inner)
{
	for (int i = 0; i < l->n; i++) {
		if (l->inner[i] == inner)
			return l->tids[i];
	}
	return 0;
}

static int by_address(const void *a, const void *b)
{
	const struct known *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

static void write_edges(struct tasks *t)
{
	qsort(t->known, (size_t)t->n_known, sizeof(*t->known), by_address);
	for (int i = 0; i < t->n_edges; i++) {
		struct known key = { .at = t->edges[i].awaiter };
		const struct known *awaiter =
			bsearch(&key, t->known, (size_t)t->n_known, sizeof(*t->known), by_address);

		if (awaiter)
			fprintf(t->f, "awaits\t%" PRId64 "\t%" PRId64 "\n", t->edges[i].task,
				awaiter->id);
		t->counts->unnamed += !awaiter;
	}
}

static void look_all(struct tasks *t)
{
	uint64_t interpreters[PYTHON_INTERPRETERS];
	int n;

	for (int i = 0; i < t->list->n_states; i++) {
		const struct python_thread *s = &t->list->states[i];
		struct owner owner = { .at = s->at,
				       .head = s->at + t->asyncio.head,
				       .tid = outer_tid(t->list, s->native) };

		look_list(t, &owner);
	}
	memory_forget(t->m);
	n = python_interpreters(t->m, t->p, interpreters);
	t->counts->unread += n < 0 || t->list->unread;
	for (int i = 0; i < n; i++) {
		struct owner ended = { .head = interpreters[i] + t->asyncio.ended };

		look_list(t, &ended);
	}
	write_edges(t);
}

void memory_tasks_look(FILE *f, struct memory *m, const struct python *p,
		       struct memory_stacks *stacks, struct memory_task_counts *counts)
{
	struct tasks t = { .f = f, .m = m, .p = p, .stacks = stacks, .counts = counts };
	cpu_set_t before;
	int found;

	if (p->layout.minor < ASYNCIO_MINOR) {
		fprintf(f, "asyncio\t%d\t2\n", (int)m->pid);
		return;
	}
	found = asyncio_find(m, p, &t.asyncio);
	fprintf(f, "asyncio\t%d\t%d\n", (int)m->pid, found ? 1 : 0);
	if (found)
		return;
	t.list = calloc(1, sizeof(*t.list));
	t.known = calloc(MEMORY_TASKS, sizeof(*t.known));
	t.found = calloc(MEMORY_TASKS, sizeof(*t.found));
	if (t.list && t.known && t.found) {
		memory_list_read(t.list, m, p);
		sched_getaffinity(0, sizeof(before), &before);
		look_all(&t);
		sched_setaffinity(0, sizeof(before), &before);
		memory_list_free(t.list);
	}
	free(t.list);
	free(t.known);
	free(t.found);
	free(t.edges);
}
