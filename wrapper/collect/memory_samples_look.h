/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory_samples_look: which threads there are to be sampled.
 */
#ifndef TELETAP_COLLECT_MEMORY_SAMPLES_LOOK_H
#define TELETAP_COLLECT_MEMORY_SAMPLES_LOOK_H

#include "collect/memory_list.h"
#include "collect/memory_processes.h"

#define SAMPLES_THREADS 8192  /* more are not looked at */
#define SAMPLES_LOOK_MS 50    /* between looks for new threads, */
#define SAMPLES_LOOK_TIMES 20 /* and as many times as long as such a look takes */

struct samples_thread {
	pid_t pid, tid;
	size_t process; /* its place in the lists */
	int place;      /* in the process's list */
	int fd;         /* its schedstat; -1: it is opened each time */
	bool gone;
	char state;                    /* as last seen; 0: not yet */
	int64_t at, run, delay, given; /* when it was last looked at; what schedstat said */
	int64_t run_due, wait_due;     /* time in ns for which no sample was counted yet */
	int64_t stack, stack_given;    /* where it waits, as long as that is its count */
	uint64_t *pages;               /* that its stack was read from */
	int n_pages;
};

struct samples_list {
	struct memory_list *list; /* NULL: the process has ended */
	int64_t turn;             /* when its thread states were read */
	bool sampled;             /* it has a hit */
};

struct samples_look {
	struct memory_processes *all;   /* set by the caller */
	int64_t due;                    /* CLOCK_MONOTONIC in ns: the next look */
	struct samples_thread *threads; /* by process and thread */
	int n_threads;
	struct samples_list *lists; /* of the processes */
	size_t n_lists;
	int64_t unseen; /* threads that were too many, at most */
};

/*
 * Looks for processes and threads that are new, and for those that have ended. Returns how many
 * ns these had run for which no sample was counted, of each as long as a period or longer.
 */
int64_t samples_look(struct samples_look *look, int64_t period);

/* Takes the clock, and what schedstat says. False: the thread has ended. */
bool samples_times(struct samples_thread *t);

/* As many open files as this process may have. */
void samples_more_files(void);

void samples_look_free(struct samples_look *look);

#endif
