/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gc_cost: the tables of gc_cost.bpf.c, as the collector reads them.
 */
#ifndef TELETAP_BPF_GC_COST_H
#define TELETAP_BPF_GC_COST_H

#include "shared.h"

#define COST_GENERATIONS 3
#define COST_PROCESSES 4096

struct cost_sums {
	uint64_t runs, minor, major;
	uint64_t forked_runs, forked_ns; /* of these, in forked processes */
	uint64_t ending_runs, ending_ns; /* while the interpreter was being shut down */
};

/* Page faults of all threads of a process, those that have ended too. */
struct cost_faults {
	int64_t minor, major;
};

/* A process that has collected. */
struct cost_process {
	uint64_t ready, ended; /* ended: last is known */
	uint64_t birth;        /* on the clock that runs while the host sleeps */
	uint32_t pid;
	uint32_t collecting;            /* collections under way */
	struct cost_faults first, last; /* when it began to collect, and when it ended */
};

struct cost_tables {
	struct totals totals;
	uint64_t loaded_ns; /* processes that are younger are counted from their beginning */
	struct cost_sums sums[WHOS + 1][COST_GENERATIONS];
	uint64_t n_processes;
	struct cost_process processes[COST_PROCESSES + 1];
};

#endif
