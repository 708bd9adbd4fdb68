/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory_samples: the records of page 223 from a target's memory: its threads are looked at
 * again and again, by a timer.
 *
 * How long a thread has run and waited is known exactly (/proc/PID/task/TID/schedstat). A
 * sample is due for each part of that time as long as the time between two turns; it counts for
 * the stack in which the thread is found, running or waiting, at the next turn. So there are as
 * many samples of a thread as it had time, and two threads that share a processor have half of
 * them each. A thread that has not had the processor since the last turn still stands where it
 * stood, and is not read again.
 *
 * The time between turns varies by a quarter, so that a program whose own clock ticks as fast
 * is not always found in the same place.
 */
#ifndef TELETAP_COLLECT_MEMORY_SAMPLES_H
#define TELETAP_COLLECT_MEMORY_SAMPLES_H

#include "collect/memory_hits.h"
#include "collect/memory_samples_look.h"
#include "collect/memory_stacks.h"

#define SAMPLES_RATE 100   /* turns a second, unless told otherwise */
#define SAMPLES_FRAMES 128 /* innermost ones of a stack that are kept, as by the module */
#define SAMPLES_DUE_MAX 4  /* samples at once; what a thread had more was missed */

struct memory_samples {
	/* Set by the caller, as is look.all. */
	int64_t period; /* ns between turns */
	bool waiting;

	struct samples_look look;
	int timer;
	int64_t due; /* CLOCK_MONOTONIC in ns: the next turn */
	uint64_t random;
	int next; /* the thread where the turn begins */
	struct memory_stacks stacks;
	struct memory_hits hits;
	char *text; /* names and stacks that are new */
	size_t size;
	int64_t turns, late, missed_ns, torn, full;
	int64_t taken, none, cut;
};

/* Begins, or -errno; -ENOSYS: the kernel does not say how long threads run. */
int memory_samples_begin(struct memory_samples *s);

/* A turn; when s->timer is readable. */
void memory_samples_turn(struct memory_samples *s);

/* Writes the records of a snapshot. False: out of memory. */
bool memory_samples_lines(FILE *f, struct memory_samples *s);

void memory_samples_free(struct memory_samples *s);

#endif
