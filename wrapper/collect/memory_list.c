// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/memory_list.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collect/memory_task.h"

#define TCB_GLIBC 720 /* struct pthread: tid; 2.0 to 2.41 */
#define TCB_MUSL 48   /* 1.1 and 1.2 */

/* The number of the thread in its own PID namespace, the last one of the line. */
static pid_t inner_tid(pid_t pid, pid_t tid)
{
	char text[4096], *line, *end;

	if (memory_task_text(pid, tid, "status", text, sizeof(text)) ||
	    !(line = strstr(text, "\nNSpid:")))
		return tid;
	line++;
	line[strcspn(line, "\n")] = '\0';
	end = strrchr(line, '\t');
	return end ? (pid_t)atoi(end + 1) : tid;
}

/* Returns how many had no room. */
static int64_t list_threads(struct memory_list *l)
{
	bool same = inner_tid(l->pid, l->pid) == l->pid;
	struct dirent *entry;
	int64_t unseen = 0;
	char name[64];
	DIR *dir;

	snprintf(name, sizeof(name), "/proc/%d/task", (int)l->pid);
	dir = opendir(name);
	while (dir && (entry = readdir(dir))) {
		pid_t tid = (pid_t)atoi(entry->d_name);

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		if (l->n == MEMORY_THREADS) {
			unseen++;
			continue;
		}
		l->tids[l->n] = tid;
		l->inner[l->n++] = same ? tid : inner_tid(l->pid, tid);
	}
	if (dir)
		closedir(dir);
	return unseen;
}

static bool has_inner(const struct memory_list *l, int32_t tid)
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
static void match_states(struct memory *m, struct memory_list *l)
{
	static const int places[] = { TCB_GLIBC, TCB_MUSL };
	static uint64_t blocks[PYTHON_THREADS];

	for (int i = 0; i < l->n_states; i++)
		blocks[i] = l->states[i].ident + TCB_GLIBC;
	memory_load(m, blocks, l->n_states);
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

void memory_list_states(struct memory_list *l, struct memory *m, const struct python *p)
{
	if (!l->states)
		l->states = calloc(PYTHON_THREADS, sizeof(*l->states));
	l->n_states = 0;
	if (l->states && p->state == PYTHON_READ)
		l->n_states = python_threads(m, p, l->states);
	l->unread = l->n_states < 0 || !l->states;
	if (l->unread)
		l->n_states = 0;
	memory_forget(m);
	match_states(m, l);
}

int64_t memory_list_read(struct memory_list *l, struct memory *m, const struct python *p)
{
	int64_t unseen;

	l->pid = m->pid;
	l->n = 0;
	unseen = list_threads(l);
	memory_list_states(l, m, p);
	return unseen;
}

void memory_list_free(struct memory_list *l)
{
	free(l->states);
	*l = (struct memory_list){ 0 };
}

int memory_list_frames(const struct memory_list *l, int thread, struct memory *m,
		       const struct python *p, struct python_frames *frames, bool *has_gil,
		       bool *has_python)
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
