// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/memory_collector.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/fail.h"
#include "collect/host_threads.h"
#include "collect/memory_samples.h"
#include "collect/memory_tasks.h"
#include "collect/memory_threads.h"

struct memory_source {
	enum { PAGE_OF_GC, PAGE_OF_THREADS, PAGE_OF_TASKS, PAGE_OF_STACKS } page;
	pid_t pid;   /* the process that the target is; 0: there are several */
	bool exists; /* it ran before */
	bool locals; /* page 224: with variables */
	int by;      /* enum by of pages/split.h */
	int64_t sequence;
	struct memory_processes all;
	struct memory_stacks stacks;
	struct memory_samples samples;
	struct host_threads counted; /* how many do not run */
};

/* Of page 210, --by thread is not to be had. */
static int take_settings(struct memory_source *s, const struct opts *o, char **msg)
{
	for (int i = 0; i < o->n_settings; i++) {
		const char *value = strchr(o->settings[i].text, '=');
		char letter = o->settings[i].letter;
		int number = value ? atoi(value + 1) : 0;

		if (letter == OPTS_BY)
			s->by = number;
		else if (letter == OPTS_LOCALS)
			s->locals = true;
		else if (letter == OPTS_WAITING)
			s->samples.waiting = true;
		else if ((letter == OPTS_HZ || letter == OPTS_RATE) && number > 0)
			s->samples.period = 1000000000 / number;
	}
	if (s->page == PAGE_OF_GC && s->by > 1)
		return fail(msg, ENOTSUP,
			    "--by thread: which thread collected is not in the process's memory: "
			    "take --by pid");
	return 0;
}

static int make(const struct plan *plan, const struct target *t, const struct opts *o, void **ctx,
		char **msg)
{
	struct memory_source *s = calloc(1, sizeof(*s));

	*ctx = s;
	if (!s || !memory_begin(&s->all.memory, t->pid))
		return -ENOMEM;
	s->page = !strcmp(plan->module, PAGE_THREADS) ? PAGE_OF_THREADS
		  : !strcmp(plan->module, PAGE_TASKS) ? PAGE_OF_TASKS
		  : !strcmp(plan->module, "stacks")   ? PAGE_OF_STACKS
						      : PAGE_OF_GC;
	s->all.locked = s->page == PAGE_OF_GC || s->page == PAGE_OF_TASKS;
	s->samples.look.all = &s->all;
	s->samples.period = 1000000000 / SAMPLES_RATE;
	s->counted.since_attached = true;
	s->exists = t->kind == TARGET_PID;
	s->pid = t->pid;
	target_members(t, t->n_files ? t->files[0].fd : -1, &s->all.now.who);
	s->counted.all.who = s->all.now.who;
	return take_settings(s, o, msg);
}

static void end(void *ctx)
{
	struct memory_source *s = ctx;

	if (!s)
		return;
	memory_processes_free(&s->all);
	memory_stacks_free(&s->stacks);
	memory_samples_free(&s->samples);
	free(s->counted.last);
	free(s);
}

/* A process that cannot be read is said now; one that is yet to begin may be any. */
static int find_python(struct memory_source *s, char **msg)
{
	if (!s->exists)
		return 0;
	memory_processes_look(&s->all);
	for (size_t i = 0; i < s->all.n; i++) {
		const struct memory_process *process = &s->all.list[i];

		if (process->pid != s->pid || process->python.state == PYTHON_READ)
			continue;
		*msg = python_why(&process->python, process->pid);
		return process->python.state == PYTHON_GONE ? -ESRCH : -ENOTSUP;
	}
	return s->all.n ? 0 : fail(msg, ESRCH, "no process %d: it has ended", (int)s->pid);
}

static int begin(void *ctx, char **msg)
{
	struct memory_source *s = ctx;
	int err = find_python(s, msg);

	if (err || s->page != PAGE_OF_STACKS)
		return err;
	err = memory_samples_begin(&s->samples);
	if (err == -ENOSYS)
		return fail(msg, ENOTSUP,
			    "this kernel does not say how long threads run (/proc/PID/schedstat): "
			    "use one with CONFIG_SCHEDSTATS");
	return err ? fail(msg, -err, "a timer: %s", strerror(-err)) : 0;
}

static int timer(void *ctx)
{
	const struct memory_source *s = ctx;

	return s->page == PAGE_OF_STACKS ? s->samples.timer : -1;
}

static void turn(void *ctx)
{
	struct memory_source *s = ctx;

	memory_samples_turn(&s->samples);
}

/* Whether all of them keep how long their collections take. */
static bool keep_times(const struct memory_source *s)
{
	bool keep = true, any = false;

	for (size_t i = 0; i < s->all.n; i++) {
		if (s->all.list[i].python.state != PYTHON_READ)
			continue;
		any = true;
		keep &= s->all.list[i].python.layout.minor >= 15;
	}
	return any && keep;
}

static void gc_record(FILE *f, const struct memory_generation sums[MEMORY_GENERATIONS], size_t who)
{
	for (int i = 0; i < MEMORY_GENERATIONS; i++)
		fprintf(f, "gc\t%d\t%" PRId64 "\t%" PRId64 "\t0\t%" PRId64 "\t0\t%zu\n", i,
			sums[i].runs, sums[i].found, sums[i].ns < 0 ? 0 : sums[i].ns, who);
}

static int64_t gc_lines(FILE *f, struct memory_source *s, int64_t *unread)
{
	struct memory_generation sums[MEMORY_GENERATIONS] = { 0 };
	int64_t n = 0;

	if (s->by)
		fputs("by\t1\n", f);
	fprintf(f, "timed\t%d\t0\t0\t0\nended\t%d\n", keep_times(s), s->all.ended);
	for (size_t i = 0; i < s->all.n; i++) {
		struct memory_process *process = &s->all.list[i];
		bool read = process->seen == s->all.look && process->python.state == PYTHON_READ;

		memory_processes_at(&s->all, process);
		if (read)
			memory_gc_read(&s->all.memory, &process->python, &process->gc,
				       !s->exists && process->pid == s->pid);
		n += read;
		*unread += process->gc.unread;
		for (int g = 0; g < MEMORY_GENERATIONS; g++) {
			sums[g].runs += process->gc.sums[g].runs;
			sums[g].found += process->gc.sums[g].found;
			sums[g].ns += process->gc.sums[g].ns;
		}
		if (s->by && process->gc.n) {
			fprintf(f, "who\t%zu\t%d\t0\n", i + 1, (int)process->pid);
			gc_record(f, process->gc.sums, i + 1);
		}
	}
	if (!s->by)
		gc_record(f, sums, 0);
	return n;
}

static int64_t look_lines(FILE *f, struct memory_source *s)
{
	int64_t end_ms = clock_ms(CLOCK_MONOTONIC) + MEMORY_LOOK_MS, n = 0;
	struct memory_counts counts = { .end_ms = end_ms, .locals = s->locals };
	struct memory_task_counts tasks = { .end_ms = end_ms };
	bool of_tasks = s->page == PAGE_OF_TASKS;

	if (!memory_stacks_begin(&s->stacks, f, false))
		return 0;
	for (size_t i = 0; i < s->all.n; i++) {
		const struct memory_process *process = &s->all.list[i];

		if (process->seen != s->all.look)
			continue;
		n++;
		memory_processes_at(&s->all, process);
		if (process->python.state != PYTHON_READ && process->python.state != PYTHON_NONE)
			fprintf(f, "interpreter\t%d\t%d\t%" PRIu32 "\n", (int)process->pid,
				process->python.state, process->python.version);
		if (!of_tasks)
			memory_threads_look(f, &s->all.memory, &process->python, &s->stacks,
					    &counts);
		else if (process->python.state == PYTHON_READ)
			memory_tasks_look(f, &s->all.memory, &process->python, &s->stacks, &tasks);
	}
	if (s->locals)
		fprintf(f, "locals\t%" PRId64 "\n", counts.left);
	if (of_tasks)
		fprintf(f,
			"tasks\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64
			"\t%" PRId64 "\t%" PRId64 "\n",
			tasks.tasks, tasks.unseen, tasks.torn, tasks.unread, tasks.cut,
			tasks.unnamed, tasks.foreign);
	else
		fprintf(f, "looked\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\n",
			counts.threads, counts.unseen, counts.torn, counts.cut);
	return n;
}

static bool sample_lines(FILE *f, struct memory_source *s)
{
	static const struct look host = { .root = "" };

	if (s->by)
		fprintf(f, "by\t%d\n", s->by);
	host_threads_line(f, &host, &s->counted);
	return memory_samples_lines(f, &s->samples);
}

static char *lines(void *ctx, bool final)
{
	struct memory_source *s = ctx;
	int64_t unread = 0, processes;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	fprintf(f, "snap\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%d\n", ++s->sequence,
		clock_ns(CLOCK_MONOTONIC), clock_ns(CLOCK_REALTIME), final);
	if (s->page == PAGE_OF_STACKS) {
		bool good = sample_lines(f, s);

		fprintf(f, "end\t%" PRId64 "\n", s->sequence);
		return fclose(f) || !good ? (free(text), NULL) : text;
	}
	/* The first question asks whether we are there; nobody reads the answer. */
	if (s->sequence == 1 && !final && s->page != PAGE_OF_GC) {
		fputs("end\t1\n", f);
		return fclose(f) ? (free(text), NULL) : text;
	}
	memory_processes_look(&s->all);
	processes = s->page == PAGE_OF_GC ? gc_lines(f, s, &unread) : look_lines(f, s);
	fprintf(f, "procs\t%" PRId64 "\nloss\t%" PRId64 "\t0\t%" PRId64 "\nend\t%" PRId64 "\n",
		processes, unread, s->all.now.unseen, s->sequence);
	return fclose(f) ? (free(text), NULL) : text;
}

const struct child_ops memory_ops = { .process = "teletap-memory",
				      .make = make,
				      .free = end,
				      .begin = begin,
				      .fd = timer,
				      .work = turn,
				      .lines = lines };
