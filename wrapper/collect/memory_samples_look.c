// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/memory_samples_look.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "collect/memory_task.h"

#define FILES_SPARE 64 /* descriptors that are left for what is opened now and then */

void samples_more_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max < SAMPLES_THREADS + FILES_SPARE
				 ? limit.rlim_max
				 : SAMPLES_THREADS + FILES_SPARE;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void thread_free(struct samples_thread *t)
{
	if (t->fd >= 0)
		close(t->fd);
	free(t->pages);
	*t = (struct samples_thread){ .fd = -1 };
}

static void list_free(struct samples_list *l)
{
	if (l->list)
		memory_list_free(l->list);
	free(l->list);
	l->list = NULL;
}

bool samples_times(struct samples_thread *t)
{
	char text[128] = "", *end;
	ssize_t n = 0;

	if (t->fd >= 0)
		n = pread(t->fd, text, sizeof(text) - 1, 0);
	else if (memory_task_text(t->pid, t->tid, "schedstat", text, sizeof(text)))
		return false;
	if (n < 0)
		return false;
	t->at = clock_ns(CLOCK_MONOTONIC);
	t->run = strtoll(text, &end, 10);
	t->delay = strtoll(end, &end, 10);
	t->given = strtoll(end, &end, 10);
	return *end == '\n' || !*end;
}

/* Descriptors are few: the last ones are left for other files. */
static int open_times(pid_t pid, pid_t tid)
{
	char path[80];
	int fd, spare;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/schedstat", (int)pid, (int)tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	spare = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, fd + FILES_SPARE);
	if (spare >= 0)
		close(spare);
	else if (fd >= 0)
		close(fd);
	return spare < 0 ? -1 : fd;
}

static int by_thread(const void *a, const void *b)
{
	const struct samples_thread *x = a, *y = b;

	if (x->process != y->process)
		return x->process < y->process ? -1 : 1;
	return x->tid < y->tid ? -1 : x->tid > y->tid;
}

/*
 * What a thread has done before it was found counts, unless we were not there yet. first: this
 * is the first look.
 */
static void begin_thread(struct samples_thread *t, bool first)
{
	t->fd = open_times(t->pid, t->tid);
	t->stack_given = -1;
	t->gone = !samples_times(t);
	if (!first)
		t->run_due = t->run;
}

/* Returns for how many ns of its time no sample was counted. */
static int64_t end_thread(struct samples_thread *t, int64_t period)
{
	int64_t missed = t->run_due >= period ? t->run_due : 0;

	thread_free(t);
	return missed;
}

/* Returns how many of its threads are too many. */
static int64_t look_process(struct samples_look *s, size_t process)
{
	const struct memory_process *at = &s->all->list[process];
	struct samples_list *of = &s->lists[process];

	if (at->seen != s->all->look) {
		list_free(of);
		return 0;
	}
	if (!of->list)
		of->list = calloc(1, sizeof(*of->list));
	if (!of->list)
		return 0;
	memory_processes_at(s->all, at);
	return memory_list_read(of->list, &s->all->memory, &at->python);
}

static bool more_lists(struct samples_look *s)
{
	struct samples_list *more;

	if (s->all->n == s->n_lists)
		return true;
	more = reallocarray(s->lists, s->all->n, sizeof(*more));
	if (!more)
		return false;
	memset(more + s->n_lists, 0, (s->all->n - s->n_lists) * sizeof(*more));
	s->lists = more;
	s->n_lists = s->all->n;
	return true;
}

/* The threads of all lists, those that were known as they were. Returns how many. */
static int gather(struct samples_look *s, struct samples_thread *threads, int64_t *unseen)
{
	bool first = !s->threads;
	int n = 0;

	for (size_t i = 0; i < s->n_lists; i++) {
		const struct memory_list *l = s->lists[i].list;

		for (int k = 0; l && k < l->n; k++) {
			struct samples_thread t = { .pid = l->pid,
						    .tid = l->tids[k],
						    .process = i };
			struct samples_thread *known =
				s->n_threads ? bsearch(&t, s->threads, (size_t)s->n_threads,
						       sizeof(t), by_thread)
					     : NULL;

			if (n == SAMPLES_THREADS) {
				++*unseen;
				continue;
			}
			if (known && !known->gone) {
				t = *known;
				*known = (struct samples_thread){ .fd = -1,
								  .process = i,
								  .tid = t.tid };
			} else {
				begin_thread(&t, first);
			}
			t.place = k;
			threads[n++] = t;
		}
	}
	return n;
}

int64_t samples_look(struct samples_look *s, int64_t period)
{
	int64_t begun = clock_ns(CLOCK_MONOTONIC), took, pause = SAMPLES_LOOK_MS * INT64_C(1000000);
	struct samples_thread *threads = malloc(SAMPLES_THREADS * sizeof(*threads));
	int64_t unseen = 0, missed = 0;
	int n;

	memory_processes_look(s->all);

	if (!threads || !more_lists(s)) {
		free(threads);
		return 0;
	}
	for (size_t i = 0; i < s->n_lists; i++)
		unseen += look_process(s, i);
	n = gather(s, threads, &unseen);
	qsort(threads, (size_t)n, sizeof(*threads), by_thread);
	for (int i = 0; i < s->n_threads; i++)
		missed += end_thread(&s->threads[i], period);
	free(s->threads);
	s->threads = threads;
	s->n_threads = n;
	s->unseen = unseen > s->unseen ? unseen : s->unseen;
	took = clock_ns(CLOCK_MONOTONIC) - begun;
	if (took * SAMPLES_LOOK_TIMES > pause)
		pause = took * SAMPLES_LOOK_TIMES;
	s->due = begun + took + pause;
	return missed;
}

void samples_look_free(struct samples_look *s)
{
	for (int i = 0; i < s->n_threads; i++)
		thread_free(&s->threads[i]);
	for (size_t i = 0; i < s->n_lists; i++)
		list_free(&s->lists[i]);
	free(s->threads);
	free(s->lists);
}
