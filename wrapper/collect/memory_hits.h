/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory_hits: samples of threads in stacks, counted: the records hit of line.h.
 */
#ifndef TELETAP_COLLECT_MEMORY_HITS_H
#define TELETAP_COLLECT_MEMORY_HITS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define HITS 32768 /* different ones */

struct memory_hit {
	pid_t pid, tid;
	bool waiting;
	int64_t stack; /* as memory_stacks_add gives it */
	int64_t count; /* 0: the place is free */
};

struct memory_hits {
	int n;
	struct memory_hit *slots; /* NULL: nothing was counted yet */
};

/* Counts so many samples. False: there is no room. */
bool memory_hits_add(struct memory_hits *hits, struct memory_hit hit);

void memory_hits_lines(FILE *f, const struct memory_hits *hits);
void memory_hits_free(struct memory_hits *hits);

#endif
