// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/memory_threads.h"

#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "collect/memory_list.h"
#include "collect/memory_task.h"
#include "cpython/values.h"
#include "model/escape.h"
#include "model/line.h"

#define TRIES 40
#define PAGES 64 /* of the thread before, likely to be read of the next one, too */

/* Whether what it waits on lies in the interpreter lock. */
static bool waits_for_gil(const struct memory_list *l, int thread, const struct memory_wait *w)
{
	for (int i = 0; w->futex && i < l->n_states; i++) {
		const struct python_thread *t = &l->states[i];

		if (t->native == l->inner[thread] && t->gil && w->futex >= t->gil &&
		    w->futex < t->gil + PYTHON_GIL_BYTES)
			return true;
	}
	return false;
}

static void write_record(FILE *f, const struct memory_list *l, int thread,
			 const struct memory_task *now, bool gil, bool has_gil, int read,
			 int64_t stack, int more)
{
	char state[2] = { now->state, '\0' };
	int wait = now->state == 'R' ? WAIT_NONE : gil ? WAIT_GIL : memory_wait_kind(&now->wait);

	fprintf(f, "thread\t%d\t%d", (int)l->tids[thread], (int)l->pid);
	escape_field(f, now->name);
	fprintf(f, "\t%s\t%d\t%d\t%d", state, wait, now->wait.call, now->wait.descriptor);
	escape_field(f, now->wait.channel);
	fprintf(f, "\t%d\t%d\t%" PRId64 "\t%d\n", has_gil, read, stack, more);
}

static void write_locals(FILE *f, pid_t tid, const struct python_values *values)
{
	for (int i = 0; i < values->n; i++) {
		fprintf(f, "local\t%d\t%d\t%d", (int)tid, values->list[i].frame, i);
		escape_field(f, values->list[i].name);
		escape_field(f, values->list[i].value);
		fputc('\n', f);
	}
}

/* Reads what is likely needed for a thread at once. */
static void load_likely(struct memory *m, const struct memory_list *l, int thread)
{
	uint64_t likely[PAGES];
	int n = memory_pages(m, likely, PAGES - 1);

	for (int i = 0; i < l->n_states; i++) {
		if (l->states[i].native == l->inner[thread]) {
			likely[n++] = l->states[i].at;
			break;
		}
	}
	memory_forget(m);
	memory_load(m, likely, n);
}

/* One thread, until it was read while it did not run, or too often in vain. */
static void look_thread(FILE *f, struct memory *m, const struct python *p,
			const struct memory_list *l, int thread, struct memory_stacks *stacks,
			struct memory_counts *counts)
{
	static struct python_frames frames;
	static struct python_values values;
	pid_t tid = l->tids[thread];
	struct memory_task now = { 0 };
	bool has_gil = false, has_python = true, good = false;
	int64_t stack = 0;

	for (int i = 0; i < TRIES && !good; i++) {
		int err = 0;

		if (i && clock_ms(CLOCK_MONOTONIC) > counts->end_ms)
			break;
		if (!memory_task_hold(l->pid, tid, &now))
			continue;
		if (now.state == 'X' || now.state == 'Z')
			return;
		load_likely(m, l, thread);
		if (p->state == PYTHON_READ)
			err = memory_list_frames(l, thread, m, p, &frames, &has_gil, &has_python);
		if (!err && counts->locals && !p->free)
			python_values_read(m, p, &frames, &values);
		good = !err && !l->unread && memory_task_given(l->pid, tid) == now.given;
	}
	if (!now.state || now.state == 'X' || now.state == 'Z')
		return;
	counts->threads++;
	if (p->state != PYTHON_READ || (!has_python && !l->unread)) {
		write_record(f, l, thread, &now, false, false, STACK_WHOLE, 0, 0);
		return;
	}
	if (good)
		stack = memory_stacks_add(stacks, &frames);
	counts->torn += !good;
	counts->cut += good && (stack < 0 || frames.more);
	write_record(f, l, thread, &now, waits_for_gil(l, thread, &now.wait), good && has_gil,
		     !good       ? STACK_TORN
		     : stack < 0 ? STACK_FULL
				 : STACK_WHOLE,
		     stack < 0 ? 0 : stack, good ? frames.more : 0);
	if (!good || stack < 0 || !counts->locals)
		return;
	if (p->free) {
		counts->left += frames.n; /* at least */
		return;
	}
	write_locals(f, tid, &values);
	counts->left += values.left;
}

void memory_threads_look(FILE *f, struct memory *m, const struct python *p,
			 struct memory_stacks *stacks, struct memory_counts *counts)
{
	struct memory_list *l = calloc(1, sizeof(*l));
	cpu_set_t before;

	if (!l)
		return;
	counts->unseen += memory_list_read(l, m, p);
	if (p->state == PYTHON_READ && l->n_states && !l->states[0].gil)
		fprintf(f, "interpreter\t%d\t%d\t%" PRIu32 "\n", (int)l->pid, PYTHON_UNLOCKED,
			p->version);
	sched_getaffinity(0, sizeof(before), &before);
	for (int i = 0; i < l->n; i++) {
		if (clock_ms(CLOCK_MONOTONIC) > counts->end_ms)
			counts->unseen++;
		else
			look_thread(f, m, p, l, i, stacks, counts);
	}
	sched_setaffinity(0, sizeof(before), &before);
	memory_list_free(l);
	free(l);
}
