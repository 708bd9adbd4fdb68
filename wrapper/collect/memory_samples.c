// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Source: Documentation/scheduler/sched-stats.rst for schedstat: how long a thread has run, how
 * long it has waited for a processor, and how often it was given one. The first is behind by a
 * tick of the kernel's clock as long as the thread runs, and exact when it does not.
 */
#include "collect/memory_samples.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "collect/memory_task.h"

#define TRIES 3
#define TURN_NS_MIN 1000000 /* a turn may take as long, or as long as there is between two */

/* Takes what schedstat says now. False: the thread has ended. */
static bool read_times(struct memory_samples *s, struct samples_thread *t)
{
	int64_t last = t->at, run = t->run, delay = t->delay;

	if (!samples_times(t))
		return false;
	t->run_due += t->run - run;
	t->wait_due += t->at - last - (t->run - run) - (t->delay - delay);
	if (t->run_due > SAMPLES_DUE_MAX * s->period) {
		s->missed_ns += t->run_due - SAMPLES_DUE_MAX * s->period;
		t->run_due = SAMPLES_DUE_MAX * s->period;
	}
	return true;
}

/* How many samples are due, which are then counted. */
static int64_t take_due(const struct memory_samples *s, int64_t *due)
{
	int64_t n = (*due + s->period / 2) / s->period;

	if (n <= 0)
		return 0;
	*due -= n * s->period;
	return n;
}

static void count(struct memory_samples *s, const struct samples_thread *t, int64_t stack,
		  bool waiting, int64_t n)
{
	struct memory_hit hit = {
		.pid = t->pid, .tid = t->tid, .waiting = waiting, .stack = stack, .count = n
	};

	if (!n)
		return;
	if (stack < 0 || !memory_hits_add(&s->hits, hit))
		s->full += n;
	s->look.lists[t->process].sampled = true;
}

/* Whether the thread states that are known are still those of the thread. */
static bool are_current(const struct memory_list *l, int place, struct memory *m,
			const struct python *p)
{
	bool any = false;

	for (int i = 0; i < l->n_states; i++) {
		uint64_t ident;

		if (l->states[i].native != l->inner[place])
			continue;
		if (memory_read(m, l->states[i].at + p->layout.t_ident, &ident, sizeof(ident)) ||
		    ident != l->states[i].ident)
			return false;
		any = true;
	}
	return any;
}

/* Of the thread that was read last. */
static struct python_frames frames = { .limit = SAMPLES_FRAMES };

/* Reads the frames of a thread that does not run. False: they could not be read. */
static bool read_frames(struct memory_samples *s, struct samples_thread *t)
{
	const struct memory_process *process = &s->look.all->list[t->process];
	struct samples_list *of = &s->look.lists[t->process];
	struct memory *m = &s->look.all->memory;
	bool has_gil, has_python;

	frames.n = frames.more = 0;
	if (process->python.state != PYTHON_READ)
		return true;
	memory_processes_at(s->look.all, process);
	memory_load(m, t->pages, t->n_pages);
	if (!are_current(of->list, t->place, m, &process->python) && of->turn != s->turns) {
		memory_list_states(of->list, m, &process->python);
		of->turn = s->turns;
	}
	if (of->list->unread || memory_list_frames(of->list, t->place, m, &process->python, &frames,
						   &has_gil, &has_python))
		return false;
	if (!t->pages)
		t->pages = malloc(MEMORY_LOAD * sizeof(*t->pages));
	t->n_pages = t->pages ? memory_pages(m, t->pages, MEMORY_LOAD) : 0;
	return true;
}

static int64_t add_stack(struct memory_samples *s)
{
	s->taken++;
	s->none += !frames.n;
	s->cut += frames.more != 0;
	return memory_stacks_add(&s->stacks, &frames);
}

/* A thread that runs, or could: we take its processor. */
static void sample_running(struct memory_samples *s, struct samples_thread *t, int processor)
{
	struct memory_task now = { .processor = processor };
	bool good = false;
	int64_t stack, n;

	for (int i = 0; i < TRIES && !good; i++) {
		int64_t given;

		if (!memory_task_take(now.processor))
			break;
		if (!read_times(s, t))
			return;
		memory_task_stat(t->pid, t->tid, &now);
		t->state = now.state;
		if (now.state != 'R' || t->run_due < s->period / 2)
			return;
		if (now.processor != sched_getcpu())
			continue;
		given = t->given;
		good = read_frames(s, t) && read_times(s, t) && t->given == given;
	}
	n = take_due(s, &t->run_due);
	stack = good ? add_stack(s) : 0;
	if (good)
		count(s, t, stack, false, n);
	else
		s->torn += n;
}

/* What it has waited elsewhere since the last sample counts here, as far as it is short. */
static void cap_wait(struct memory_samples *s, struct samples_thread *t)
{
	if (t->wait_due <= SAMPLES_DUE_MAX * s->period)
		return;
	s->missed_ns += t->wait_due - SAMPLES_DUE_MAX * s->period;
	t->wait_due = SAMPLES_DUE_MAX * s->period;
}

static void sample_waiting(struct memory_samples *s, struct samples_thread *t)
{
	struct memory_task now = { 0 };
	bool good = false;

	if (t->stack_given == t->given) {
		count(s, t, t->stack, true, take_due(s, &t->wait_due));
		return;
	}
	cap_wait(s, t);
	if (t->wait_due < s->period / 2 && t->stack_given >= 0)
		return;
	for (int i = 0; i < TRIES && !good; i++) {
		if (!memory_task_hold(t->pid, t->tid, &now))
			continue;
		if (now.state == 'R' || now.state == 'X' || now.state == 'Z')
			return;
		good = read_frames(s, t) && memory_task_given(t->pid, t->tid) == now.given;
	}
	if (!good) {
		s->torn += take_due(s, &t->wait_due);
		return;
	}
	t->stack = add_stack(s);
	t->stack_given = now.given;
	count(s, t, t->stack, true, take_due(s, &t->wait_due));
}

static void look_thread(struct memory_samples *s, struct samples_thread *t)
{
	int64_t given = t->given;
	struct memory_task now = { 0 };

	if (t->gone || !read_times(s, t)) {
		t->gone = true;
		return;
	}
	/* Who was not given the processor is where it was. */
	if (given != t->given || t->state == 'R' || !t->state) {
		memory_task_stat(t->pid, t->tid, &now);
		t->state = now.state;
		if (t->state == 'R')
			sample_running(s, t, now.processor);
	}
	if (s->waiting && t->state != 'R' && t->state != 'X' && t->state != 'Z')
		sample_waiting(s, t);
}

static void arm(struct memory_samples *s)
{
	struct itimerspec when = { 0 };

	s->random ^= s->random << 13;
	s->random ^= s->random >> 7;
	s->random ^= s->random << 17;
	s->due += s->period * 3 / 4 + (int64_t)(s->random % (uint64_t)(s->period / 2));
	when.it_value.tv_sec = s->due / 1000000000;
	when.it_value.tv_nsec = s->due % 1000000000;
	timerfd_settime(s->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

void memory_samples_turn(struct memory_samples *s)
{
	int64_t now = clock_ns(CLOCK_MONOTONIC), late = (now - s->due) / s->period;
	int64_t end = now + (s->period > TURN_NS_MIN ? s->period : TURN_NS_MIN);
	cpu_set_t before;
	uint64_t times;
	int n = 0;

	if (read(s->timer, &times, sizeof(times)) != sizeof(times))
		return;
	if (late < 0)
		late = 0;
	s->turns += 1 + late;
	s->late += late;
	s->due += late * s->period;
	if (now >= s->look.due)
		s->missed_ns += samples_look(&s->look, s->period);
	sched_getaffinity(0, sizeof(before), &before);
	for (; n < s->look.n_threads && (!n || clock_ns(CLOCK_MONOTONIC) < end); n++)
		look_thread(s, &s->look.threads[(s->next + n) % s->look.n_threads]);
	if (s->look.n_threads)
		s->next = (s->next + n) % s->look.n_threads;
	sched_setaffinity(0, sizeof(before), &before);
	arm(s);
}

/* What is new goes into a text of its own until the next snapshot. */
static bool open_text(struct memory_samples *s)
{
	s->stacks.f = open_memstream(&s->text, &s->size);
	return s->stacks.f;
}

int memory_samples_begin(struct memory_samples *s)
{
	if (memory_task_given(getpid(), gettid()) < 0)
		return -ENOSYS;
	s->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (s->timer < 0)
		return -errno;
	if (!memory_stacks_begin(&s->stacks, NULL, true) || !open_text(s))
		return -ENOMEM;
	samples_more_files();
	s->missed_ns += samples_look(&s->look, s->period);
	s->due = clock_ns(CLOCK_MONOTONIC);
	s->random = (uint64_t)s->due | 1;
	arm(s);
	return 0;
}

bool memory_samples_lines(FILE *f, struct memory_samples *s)
{
	int64_t processes = 0, missed = s->missed_ns / s->period;
	struct timespec cost = { 0 };

	for (size_t i = 0; i < s->look.n_lists; i++) {
		const struct memory_process *process = &s->look.all->list[i];

		processes += s->look.lists[i].sampled;
		if (s->look.lists[i].list && process->python.state != PYTHON_READ &&
		    process->python.state != PYTHON_NONE)
			fprintf(f, "interpreter\t%d\t%d\t%" PRIu32 "\n", (int)process->pid,
				process->python.state, process->python.version);
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cost);
	if (!fclose(s->stacks.f))
		fputs(s->text, f);
	free(s->text);
	s->text = NULL;
	if (!open_text(s))
		return false;
	memory_hits_lines(f, &s->hits);
	fprintf(f, "procs\t%" PRId64 "\n", processes);
	fprintf(f,
		"sampling\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64
		"\t%" PRId64 "\n",
		(1000000000 + s->period / 2) / s->period, s->turns, s->late, missed, s->torn,
		cost.tv_sec * INT64_C(1000000000) + cost.tv_nsec);
	fprintf(f, "stacks\t0\t%" PRId64 "\t%" PRId64 "\t0\t%" PRId64 "\n", s->taken, s->none,
		s->cut);
	fprintf(f, "loss\t%" PRId64 "\t0\t%" PRId64 "\n", s->torn, s->full + s->look.unseen);
	return true;
}

void memory_samples_free(struct memory_samples *s)
{
	samples_look_free(&s->look);
	memory_stacks_free(&s->stacks);
	memory_hits_free(&s->hits);
}
