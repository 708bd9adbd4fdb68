// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sources: proc(5) for stat, syscall and wchan; Documentation/scheduler/sched-stats.rst for
 * schedstat. syscall says "running" of a thread that is not off its processor for good.
 */
#include "collect/memory_threads.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/rootfs.h"
#include "collect/memory_wait.h"
#include "model/escape.h"
#include "model/line.h"

#define TRIES 40
#define FIELD_PROCESSOR 39
#define TCB_GLIBC 720 /* struct pthread: tid; 2.0 to 2.41 */
#define TCB_MUSL 48   /* 1.1 and 1.2 */

static const struct look here = { .root = "" };

/* A thread at one moment. */
struct moment {
	char state; /* the kernel's letter; 'X': it has ended */
	int processor;
	int64_t given; /* how often it was given a processor; -1: the kernel does not tell */
	char name[64];
	struct memory_wait wait;
};

struct thread_list {
	pid_t pid;
	pid_t tids[MEMORY_THREADS], inner[MEMORY_THREADS]; /* inner: in its own PID namespace */
	int n;
	struct python_thread *states;
	int n_states;
	bool unread; /* the list of the thread states changed whenever it was read */
};

static int task_text(pid_t pid, pid_t tid, const char *file, char *text, size_t size)
{
	char path[80];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", (int)pid, (int)tid, file);
	return look_text(&here, path, text, size);
}

static int64_t given(pid_t pid, pid_t tid)
{
	char text[128];
	int64_t n;

	if (task_text(pid, tid, "schedstat", text, sizeof(text)) ||
	    sscanf(text, "%*u %*u %" SCNd64, &n) != 1)
		return -1;
	return n;
}

/* Its state, processor and name. */
static void read_stat(pid_t pid, pid_t tid, struct moment *now)
{
	char text[1024], *open, *at;

	now->state = 'X';
	if (task_text(pid, tid, "stat", text, sizeof(text)) || !(open = strchr(text, '(')) ||
	    !(at = strrchr(text, ')')) || at[1] != ' ')
		return;
	now->state = at[2];
	snprintf(now->name, sizeof(now->name), "%.*s", (int)(at - open - 1), open + 1);
	for (int field = 2; at && field < FIELD_PROCESSOR; field++)
		at = strchr(at + 1, ' ');
	now->processor = at ? atoi(at) : -1;
}

/* The processor of the thread becomes ours. False: it cannot. */
static bool take_processor(int processor)
{
	cpu_set_t one;

	if (processor < 0 || processor >= CPU_SETSIZE)
		return false;
	CPU_ZERO(&one);
	CPU_SET(processor, &one);
	return !sched_setaffinity(0, sizeof(one), &one);
}

/*
 * Waits until the thread does not run; from then on it has not run as long as its count stays
 * the same. False: not now, or not to be had here.
 */
static bool hold(pid_t pid, pid_t tid, struct moment *now)
{
	char text[256];

	now->given = given(pid, tid);
	read_stat(pid, tid, now);
	if (now->state == 'X' || now->state == 'Z')
		return true;
	if (now->given < 0)
		return false;
	if (now->state == 'R' && (!take_processor(now->processor) ||
				  (read_stat(pid, tid, now), now->processor != sched_getcpu())))
		return false;
	if (task_text(pid, tid, "syscall", text, sizeof(text)))
		return false;
	memory_wait_read(&now->wait, text);
	if (now->state != 'R') {
		if (task_text(pid, tid, "wchan", now->wait.channel, sizeof(now->wait.channel)))
			*now->wait.channel = '\0';
		return !now->wait.running;
	}
	return true;
}

/* The frames of a thread, of all thread states that it has. */
static int read_frames(struct memory *m, const struct python *p, const struct thread_list *l,
		       int thread, struct python_frames *frames, bool *has_gil, bool *has_python)
{
	int err = 0;

	frames->n = frames->more = frames->n_codes = 0;
	*has_gil = *has_python = false;
	for (int i = 0; i < l->n_states && !err; i++) {
		if (l->states[i].native != l->inner[thread])
			continue;
		*has_python = true;
		err = python_frames_read(m, p, l->states[i].at, frames);
		*has_gil |= python_has_gil(m, p, &l->states[i]);
	}
	return err;
}

/* Whether what it waits on lies in the interpreter lock. */
static bool waits_for_gil(const struct thread_list *l, int thread, const struct memory_wait *w)
{
	for (int i = 0; w->futex && i < l->n_states; i++) {
		const struct python_thread *t = &l->states[i];

		if (t->native == l->inner[thread] && t->gil && w->futex >= t->gil &&
		    w->futex < t->gil + PYTHON_GIL_BYTES)
			return true;
	}
	return false;
}

static void write_record(FILE *f, const struct thread_list *l, int thread, const struct moment *now,
			 bool gil, bool has_gil, int read, int64_t stack, int more)
{
	char state[2] = { now->state, '\0' };
	int wait = now->state == 'R' ? WAIT_NONE : gil ? WAIT_GIL : memory_wait_kind(&now->wait);

	fprintf(f, "thread\t%d\t%d", (int)l->tids[thread], (int)l->pid);
	escape_field(f, now->name);
	fprintf(f, "\t%s\t%d\t%d\t%d", state, wait, now->wait.call, now->wait.descriptor);
	escape_field(f, now->wait.channel);
	fprintf(f, "\t%d\t%d\t%" PRId64 "\t%d\n", has_gil, read, stack, more);
}

/* One thread, until it was read while it did not run, or too often in vain. */
static void look_thread(FILE *f, struct memory *m, const struct python *p,
			const struct thread_list *l, int thread, struct memory_stacks *stacks,
			struct memory_counts *counts)
{
	static struct python_frames frames;
	pid_t tid = l->tids[thread];
	struct moment now = { 0 };
	bool has_gil = false, has_python = true, good = false;
	int64_t stack = 0;

	for (int i = 0; i < TRIES && !good; i++) {
		int err = 0;

		if (i && clock_ms(CLOCK_MONOTONIC) > counts->end_ms)
			break;
		if (!hold(l->pid, tid, &now))
			continue;
		if (now.state == 'X' || now.state == 'Z')
			return;
		memory_forget(m);
		if (p->state == PYTHON_READ)
			err = read_frames(m, p, l, thread, &frames, &has_gil, &has_python);
		good = !err && !l->unread && given(l->pid, tid) == now.given;
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
}

/* The number of the thread in its own PID namespace, the last one of the line. */
static pid_t inner_tid(pid_t pid, pid_t tid)
{
	char text[4096], *line, *end;

	if (task_text(pid, tid, "status", text, sizeof(text)) || !(line = strstr(text, "\nNSpid:")))
		return tid;
	line++;
	line[strcspn(line, "\n")] = '\0';
	end = strrchr(line, '\t');
	return end ? (pid_t)atoi(end + 1) : tid;
}

static void list_threads(struct thread_list *l, struct memory_counts *counts)
{
	bool same = inner_tid(l->pid, l->pid) == l->pid;
	struct dirent *entry;
	char name[64];
	DIR *dir;

	snprintf(name, sizeof(name), "/proc/%d/task", (int)l->pid);
	dir = opendir(name);
	while (dir && (entry = readdir(dir))) {
		pid_t tid = (pid_t)atoi(entry->d_name);

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		if (l->n == MEMORY_THREADS) {
			counts->unseen++;
			continue;
		}
		l->tids[l->n] = tid;
		l->inner[l->n++] = same ? tid : inner_tid(l->pid, tid);
	}
	if (dir)
		closedir(dir);
}

static bool has_inner(const struct thread_list *l, int32_t tid)
{
	for (int i = 0; i < l->n; i++) {
		if (l->inner[i] == tid)
			return true;
	}
	return false;
}

/*
 * Whose thread states they are: the C library keeps the kernel's number of a thread where
 * pthread_self() points, and it is right after fork as well.
 */
static void match_states(struct memory *m, struct thread_list *l)
{
	static const int places[] = { TCB_GLIBC, TCB_MUSL };

	for (int i = 0; i < l->n_states; i++) {
		for (size_t k = 0; k < sizeof(places) / sizeof(places[0]); k++) {
			int32_t tid;

			if (l->states[i].ident &&
			    !memory_read(m, l->states[i].ident + (uint64_t)places[k], &tid,
					 sizeof(tid)) &&
			    tid > 0 && has_inner(l, tid)) {
				l->states[i].native = tid;
				break;
			}
		}
	}
}

void memory_threads_look(FILE *f, struct memory *m, const struct python *p,
			 struct memory_stacks *stacks, struct memory_counts *counts)
{
	struct thread_list *l = calloc(1, sizeof(*l));
	cpu_set_t before;

	if (!l)
		return;
	l->pid = m->pid;
	list_threads(l, counts);
	l->states = calloc(PYTHON_THREADS, sizeof(*l->states));
	if (l->states && p->state == PYTHON_READ)
		l->n_states = python_threads(m, p, l->states);
	l->unread = l->n_states < 0 || !l->states;
	if (l->unread)
		l->n_states = 0;
	memory_forget(m);
	match_states(m, l);
	sched_getaffinity(0, sizeof(before), &before);
	for (int i = 0; i < l->n; i++) {
		if (clock_ms(CLOCK_MONOTONIC) > counts->end_ms)
			counts->unseen++;
		else
			look_thread(f, m, p, l, i, stacks, counts);
	}
	sched_setaffinity(0, sizeof(before), &before);
	free(l->states);
	free(l);
}
