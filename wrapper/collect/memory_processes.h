/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory_processes: the processes of a target, and the CPython in each.
 */
#ifndef TELETAP_COLLECT_MEMORY_PROCESSES_H
#define TELETAP_COLLECT_MEMORY_PROCESSES_H

#include "collect/memory_gc.h"
#include "collect/processes.h"
#include "cpython/process.h"

struct memory_process {
	pid_t pid;
	uint64_t begun; /* when, in the kernel's ticks: a number can be used again */
	uint64_t image; /* its program: it can run another one */
	struct python python;
	struct memory_gc gc;
	uint64_t faults; /* of its children that have ended: more with each one */
	int64_t seen;    /* the number of the look it was last seen in */
};

struct memory_processes {
	struct memory memory;
	struct processes now; /* those of the target */
	int64_t look;
	struct memory_process *list;
	size_t n;
	bool locked; /* only what has an interpreter lock is of use */
	bool ended;  /* processes that were or would have been in the list */
};

/* Looks which processes there are; those that have ended stay in the list, with an older look. */
void memory_processes_look(struct memory_processes *all);

/* Makes the memory that of this process. */
void memory_processes_at(struct memory_processes *all, const struct memory_process *process);

void memory_processes_free(struct memory_processes *all);

#endif
