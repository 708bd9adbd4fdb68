/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory_task: a thread at one moment, as the kernel tells it, and how it is kept from running
 * while its stack is read.
 *
 * A stack is only true when its thread does not run while it is read. One that waits does not.
 * Of one that runs, we take the processor: we go where it last ran, and while we are there, it
 * is not. That it did not go on elsewhere is seen by the count of the times it was given a
 * processor (/proc/PID/task/TID/schedstat). Nothing is stopped: it waits for us as for any
 * other program, for as long as the reading takes.
 */
#ifndef TELETAP_COLLECT_MEMORY_TASK_H
#define TELETAP_COLLECT_MEMORY_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "collect/memory_wait.h"

struct memory_task {
	char state; /* the kernel's letter; 'X': it has ended */
	int processor;
	int64_t given; /* how often it was given a processor; -1: the kernel does not tell */
	char name[64];
	struct memory_wait wait;
};

/* Reads a file of /proc/PID/task/TID of less than a page, at once. Returns 0, or -errno. */
int memory_task_text(pid_t pid, pid_t tid, const char *file, char *text, size_t size);

/* How often it was given a processor; -1: the kernel does not tell. */
int64_t memory_task_given(pid_t pid, pid_t tid);

/* Its state, processor and name. */
void memory_task_stat(pid_t pid, pid_t tid, struct memory_task *now);

/* This processor becomes ours. False: it cannot. */
bool memory_task_take(int processor);

/*
 * Waits until the thread does not run; from then on it has not run as long as its count stays
 * the same. Our own processor may be another one then. False: not now, or not to be had here.
 */
bool memory_task_hold(pid_t pid, pid_t tid, struct memory_task *now);

#endif
