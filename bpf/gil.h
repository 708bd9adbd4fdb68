/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gil: the tables of gil.bpf.c, as the collector reads them.
 */
#ifndef TELETAP_BPF_GIL_H
#define TELETAP_BPF_GIL_H

#include "stack.h"

#define GIL_THREADS 1024
#define GIL_NAME 16
#define GIL_GAP_NS 1000000 /* more between two calls: they are two waits */

/*
 * A thread that has waited. Only the thread itself writes, but for what the collector takes by
 * exchanges: the longest one, and a wait that no call goes on with.
 */
struct gil_thread {
	uint64_t ready;
	uint32_t tid, pid;
	char name[GIL_NAME];
	uint64_t waits, calls, forced, total_ns;
	int64_t most_ns;     /* since it was taken away last */
	int64_t wait_ns;     /* of the wait so far; 0: there is none that is not in the sums */
	int64_t since;       /* of a call under way; 0: none */
	int64_t end;         /* of the last call, */
	uint64_t ran, slept; /* and what the thread had run then, and how often it had slept */
	uint32_t holder;     /* name of the function, when the call began */
	uint32_t again; /* a signal has broken into the call, and the kernel begins it once more */
};

struct gil_holder {
	uint64_t samples, ns;
};

struct gil_tables {
	struct totals totals;
	WALK_TABLES; /* no stacks are kept */
	uint64_t n_threads;
	struct gil_thread threads[GIL_THREADS + 1];
	struct gil_holder holders[WALK_NAMES + 1]; /* by name; 0: not known */
	uint64_t times[HISTOGRAM_BUCKETS];
};

#endif
