// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Source: /proc/PID/task/TID/schedstat, whose first number is how long a thread has run
 * (Documentation/scheduler/sched-stats.rst), stat for its state, and children.
 */
#include "collect/host_threads.h"

#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "model/line.h"

#define LOOK_MAX 65536 /* threads that are looked at */

static int by_tid(const void *a, const void *b)
{
	const struct host_thread *x = a, *y = b;

	return x->tid < y->tid ? -1 : x->tid > y->tid;
}

/* The next folder whose name is a number; 0: there is none. */
static pid_t next_number(DIR *dir)
{
	struct dirent *entry;

	while ((entry = readdir(dir))) {
		if (isdigit((unsigned char)entry->d_name[0]))
			return (pid_t)atoi(entry->d_name);
	}
	return 0;
}

/* The kernel's letter for what a thread does: R: it runs, or could; Z, X: it has ended. */
static char letter(const struct look *l, pid_t pid, pid_t tid)
{
	char path[80], text[512];
	const char *end;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, tid);
	if (look_text(l, path, text, sizeof(text)))
		return 'X';
	end = strrchr(text, ')');
	return end && end[1] == ' ' ? end[2] : 'X';
}

static void keep(struct host_threads *t, struct host_thread thread)
{
	if (t->n == t->room) {
		size_t room = t->room ? 2 * t->room : 64;
		struct host_thread *more = realloc(t->list, room * sizeof(*more));

		if (!more)
			return;
		t->list = more;
		t->room = room;
	}
	t->list[t->n++] = thread;
}

static void look_at(const struct look *l, struct host_threads *t, pid_t pid, pid_t tid)
{
	struct host_thread thread = { .tid = tid, .since_ns = t->now_ns };
	const struct host_thread *last;
	char path[80], text[128];
	char state = letter(l, pid, tid);
	int64_t still_ns;

	if (state == 'Z' || state == 'X')
		return;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/schedstat", pid, tid);
	if (look_text(l, path, text, sizeof(text)) || sscanf(text, "%" SCNd64, &thread.ran_ns) != 1)
		return;
	t->threads++;
	last = t->n_last ? bsearch(&thread, t->last, t->n_last, sizeof(thread), by_tid) : NULL;
	if (last && last->ran_ns == thread.ran_ns && state != 'R')
		thread.since_ns = last->since_ns;
	still_ns = t->now_ns - thread.since_ns;
	if (still_ns > 0 &&
	    (thread.since_ns == t->attached_ns ||
	     (!t->since_attached && still_ns >= LINE_STILL_S * INT64_C(1000000000)))) {
		t->still++;
		t->longest_ns = still_ns > t->longest_ns ? still_ns : t->longest_ns;
	}
	keep(t, thread);
}

static void look_process(const struct look *l, struct host_threads *t, pid_t pid)
{
	char path[PATH_MAX], name[80];
	DIR *tasks;
	pid_t tid;

	snprintf(name, sizeof(name), "/proc/%d/task", pid);
	tasks = opendir(look_path(l, name, path));
	while (tasks && (tid = next_number(tasks))) {
		if (t->threads < LOOK_MAX)
			look_at(l, t, pid, tid);
		else
			t->unseen++;
	}
	if (tasks)
		closedir(tasks);
}

void host_threads_line(FILE *f, const struct look *l, struct host_threads *t)
{
	t->now_ns = clock_ns(CLOCK_MONOTONIC);
	if (!t->attached_ns)
		t->attached_ns = t->now_ns;
	t->threads = t->still = t->unseen = t->longest_ns = 0;
	t->n = t->room = 0;
	t->list = NULL;
	processes_look(&t->all, l);
	for (size_t i = 0; i < t->all.n; i++)
		look_process(l, t, t->all.list[i]);
	t->unseen += t->all.unseen;
	if (t->n)
		qsort(t->list, t->n, sizeof(*t->list), by_tid);
	free(t->last);
	t->last = t->list;
	t->n_last = t->n;
	if (t->threads)
		fprintf(f, "threads\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\n",
			t->threads + t->unseen, t->still, t->unseen, t->longest_ns);
}
