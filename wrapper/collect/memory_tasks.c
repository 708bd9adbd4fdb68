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
#include "collect/memory_awaits.h"
#include "collect/memory_list.h"
#include "collect/memory_task.h"
#include "cpython/asyncio_sets.h"
#include "cpython/coroutines.h"
#include "model/escape.h"
#include "model/line.h"

#define TRIES AWAITS_TRIES
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

/* Whose tasks are read. */
struct owner {
	struct awaits_loop loop;
	uint64_t at;                       /* a thread state; 0: of threads that have ended */
	const struct asyncio_loops *loops; /* to 3.13, and without _asyncio */
};

struct tasks {
	FILE *f;
	struct memory *m;
	const struct python *p;
	struct asyncio asyncio;
	const struct python_task_layout *before; /* its; NULL: tasks are in lists */
	struct memory_stacks *stacks;
	struct memory_task_counts *counts;
	struct memory_list *list;
	struct awaits awaits;
	uint64_t *found; /* MEMORY_TASKS */
};

static bool is_late(const struct tasks *t)
{
	return clock_ms(CLOCK_MONOTONIC) > t->counts->end_ms;
}

/* The task that runs. */
static int read_running(struct tasks *t, const struct owner *o, uint64_t *task)
{
	*task = 0;
	if (!o->at)
		return 0;
	if (t->before)
		return asyncio_sets_running(t->m, t->p, &t->asyncio, o->loop.head, task);
	return memory_read(t->m, o->at + t->asyncio.running, task, sizeof(*task));
}

static int read_stack(struct tasks *t, const struct owner *o, uint64_t task, struct entry *e)
{
	static struct python_frames frames;
	enum coroutine_state state = COROUTINE_ENDED;
	uint64_t running = 0;
	int err = 0;

	frames.n = frames.more = frames.n_codes = 0;
	if (read_running(t, o, &running))
		return -EFAULT;
	if (running == task) {
		state = COROUTINE_RUNS;
		err = coroutine_running(t->m, t->p, o->at, e->task.coroutine, &frames);
	} else if (e->task.coroutine) {
		err = coroutine_awaiting(t->m, t->p, e->task.coroutine, &state, &frames);
	}
	if (err == -ENOENT) { /* it is not Python's: there are no frames of it */
		state = COROUTINE_WAITS;
		err = 0;
	}
	if (err)
		return err;
	e->state = state == COROUTINE_RUNS                     ? TASK_RUNS
		   : state == COROUTINE_ENDED                  ? TASK_ENDS
		   : state == COROUTINE_NEW && !e->task.future ? TASK_NEW
		   : e->task.future                            ? TASK_WAITS
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

	e->listed = t->before ? asyncio_sets_has(t->m, t->p, &t->asyncio, at)
			      : asyncio_is_listed(t->m, &t->asyncio, at);
	if (!e->listed)
		return 0;
	err = t->before ? asyncio_sets_task(t->m, t->p, &t->asyncio, at, &e->task)
			: asyncio_task(t->m, t->p, &t->asyncio, at, &e->task);
	return err ? err : read_stack(t, o, at, e);
}

static void write_task(struct tasks *t, const struct owner *o, int64_t given, uint64_t at,
		       const struct entry *e)
{
	pid_t tid = o->loop.tid;
	int64_t id = ++t->counts->tasks;

	fprintf(t->f, "task\t%" PRId64 "\t%d\t%d", id, (int)t->list->pid, tid ? tid : -1);
	escape_field(t->f, e->task.name);
	escape_field(t->f, e->coroutine);
	fprintf(t->f, "\t%d\t%" PRId64 "\t%d\n", e->state, e->step < 0 ? -1 : e->step, e->more);
	t->counts->cut += e->step < 0 || e->more;
	awaits_add(&t->awaits,
		   &(struct awaits_task){
			   .at = at, .id = id, .loop = o->loop, .given = tid ? given : 0 },
		   &e->task);
}

/* A few tasks, until they were read while their thread did not run, or too often in vain. */
static void look_batch(struct tasks *t, const struct owner *o, const uint64_t *list, int n)
{
	static struct entry entries[BATCH];
	struct memory_task now;
	bool good[BATCH], still = false;

	for (int i = 0; i < TRIES && !still && !(i && is_late(t)); i++) {
		if (!awaits_hold(&t->awaits, &o->loop, &now))
			continue;
		for (int k = 0; k < n; k++)
			good[k] = !read_task(t, o, list[k], &entries[k]);
		still = awaits_held(&t->awaits, &o->loop, &now);
	}
	for (int k = 0; k < n; k++) {
		if (!still || !good[k])
			t->counts->torn++;
		else if (entries[k].listed)
			write_task(t, o, now.given, list[k], &entries[k]);
	}
}

static int read_list(struct tasks *t, const struct owner *o, int room, int64_t *unseen,
		     int64_t *foreign)
{
	*foreign = 0;
	if (t->before)
		return asyncio_sets_list(t->m, t->p, &t->asyncio, o->loops, t->found, room, unseen,
					 foreign);
	return asyncio_list(t->m, &t->asyncio, o->loop.head, t->found, room, unseen);
}

static void look_list(struct tasks *t, const struct owner *o)
{
	int room = MEMORY_TASKS - (int)t->counts->tasks, n = -1;
	struct memory_task now;
	int64_t unseen = 0, foreign = 0;

	for (int i = 0; i < TRIES && n < 0 && !is_late(t); i++) {
		if (!awaits_hold(&t->awaits, &o->loop, &now))
			continue;
		n = read_list(t, o, room, &unseen, &foreign);
		if (!awaits_held(&t->awaits, &o->loop, &now))
			n = -1;
	}
	t->counts->unread += n < 0;
	t->counts->unseen += n < 0 ? 0 : unseen;
	t->counts->foreign += n < 0 || o->at ? 0 : foreign;
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

static void look_lists(struct tasks *t)
{
	uint64_t interpreters[PYTHON_INTERPRETERS];
	int n;

	for (int i = 0; i < t->list->n_states; i++) {
		const struct python_thread *s = &t->list->states[i];
		struct owner owner = { .at = s->at,
				       .loop = { .head = s->at + t->asyncio.head,
						 .tid = outer_tid(t->list, s->native) } };

		look_list(t, &owner);
	}
	memory_forget(t->m);
	n = python_interpreters(t->m, t->p, interpreters);
	t->counts->unread += n < 0 || t->list->unread;
	for (int i = 0; i < n; i++) {
		struct owner ended = { .loop.head = interpreters[i] + t->asyncio.ended };

		look_list(t, &ended);
	}
	awaits_write(&t->awaits, t->f);
}

/* Those of an interpreter, loop by loop; then those of loops that no thread runs. */
static void look_sets(struct tasks *t)
{
	static uint64_t running[PYTHON_THREADS];
	struct asyncio_loops others = { .list = running, .others = true };
	struct owner ended = { .loops = &others };
	int err = -EAGAIN;

	for (int i = 0; i < TRIES && err && !is_late(t); i++) {
		memory_forget(t->m);
		err = asyncio_loops_note(t->m, t->p, &t->asyncio, t->found, MEMORY_TASKS);
	}
	if (err) {
		t->counts->unread++;
		return;
	}
	for (int i = 0; i < t->list->n_states; i++) {
		const struct python_thread *s = &t->list->states[i];
		struct asyncio_loops one = { .list = &running[others.n], .n = 1 };
		struct owner owner = { .at = s->at,
				       .loop.tid = outer_tid(t->list, s->native),
				       .loops = &one };

		memory_forget(t->m);
		if (asyncio_sets_loop(t->m, t->p, &t->asyncio, s, &owner.loop.head))
			t->counts->unread++;
		else if (owner.loop.head) {
			running[others.n++] = owner.loop.head;
			look_list(t, &owner);
		}
	}
	memory_forget(t->m);
	look_list(t, &ended);
	awaits_write(&t->awaits, t->f);
}

/* To 3.13, and without _asyncio. Returns what the record says. */
static int look_interpreters(struct tasks *t)
{
	uint64_t interpreters[PYTHON_INTERPRETERS];
	bool found = false, alien = false;
	int n;

	memory_forget(t->m);
	n = python_interpreters(t->m, t->p, interpreters);
	t->counts->unread += t->p->layout.minor < ASYNCIO_MINOR && (n < 0 || t->list->unread);
	for (int i = 0; i < n; i++) {
		int err = -EAGAIN;

		for (int k = 0; k < TRIES && err && err != -ENOENT; k++) {
			memory_forget(t->m);
			err = asyncio_sets_find(t->m, t->p, interpreters[i], &t->asyncio);
		}
		found |= !err;
		alien |= err == -ENOTSUP;
		t->counts->unread += err && err != -ENOTSUP && err != -ENOENT;
		if (!err)
			look_sets(t);
	}
	return alien                                ? ASYNCIO_ALIEN
	       : !found                             ? ASYNCIO_NONE
	       : t->p->layout.minor < ASYNCIO_MINOR ? ASYNCIO_OLD
						    : ASYNCIO_FOUND;
}

static int look_all(struct tasks *t)
{
	bool lists = t->p->layout.minor >= ASYNCIO_MINOR && !asyncio_find(t->m, t->p, &t->asyncio);
	int found;

	if (lists)
		look_lists(t);
	t->before = python_task_layout(t->p->layout.minor);
	found = look_interpreters(t);
	return lists ? ASYNCIO_FOUND : found;
}

void memory_tasks_look(FILE *f, struct memory *m, const struct python *p,
		       struct memory_stacks *stacks, struct memory_task_counts *counts)
{
	struct tasks t = { .f = f, .m = m, .p = p, .stacks = stacks, .counts = counts };
	cpu_set_t before;

	t.awaits =
		(struct awaits){ .m = m, .p = p, .asyncio = &t.asyncio, .end_ms = counts->end_ms };
	t.list = calloc(1, sizeof(*t.list));
	t.found = calloc(MEMORY_TASKS, sizeof(*t.found));
	if (t.list && t.found) {
		memory_list_read(t.list, m, p);
		sched_getaffinity(0, sizeof(before), &before);
		fprintf(f, "asyncio\t%d\t%d\n", (int)m->pid, look_all(&t));
		sched_setaffinity(0, sizeof(before), &before);
		memory_list_free(t.list);
	}
	free(t.list);
	free(t.found);
	counts->unnamed += t.awaits.unnamed;
	awaits_free(&t.awaits);
}
