/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory_list: the threads of a process, and the thread states of its CPython that belong to
 * them.
 */
#ifndef TELETAP_COLLECT_MEMORY_LIST_H
#define TELETAP_COLLECT_MEMORY_LIST_H

#include "cpython/frames.h"

#define MEMORY_THREADS 4096 /* of a process; more are not looked at */

struct memory_list {
	pid_t pid;
	int n;
	pid_t tids[MEMORY_THREADS], inner[MEMORY_THREADS]; /* inner: in its own PID namespace */
	struct python_thread *states;
	int n_states;
	bool unread; /* the list of the thread states changed whenever it was read */
};

/* Fills an empty list. Returns how many threads had no room. */
int64_t memory_list_read(struct memory_list *l, struct memory *m, const struct python *p);

/* The thread states anew: they may be others now. */
void memory_list_states(struct memory_list *l, struct memory *m, const struct python *p);

void memory_list_free(struct memory_list *l);

/*
 * The frames of a thread, of all thread states that it has, into frames. Returns 0, or -errno:
 * they could not be read.
 */
int memory_list_frames(const struct memory_list *l, int thread, struct memory *m,
		       const struct python *p, struct python_frames *frames, bool *has_gil,
		       bool *has_python);

#endif
