/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gc: the tables of gc.bpf.c, as the collector reads them.
 */
#ifndef TELETAP_BPF_GC_H
#define TELETAP_BPF_GC_H

#include "shared.h"

#define GC_GENERATIONS 3
#define GC_PAUSES 32768

struct gc_sums {
	uint64_t runs, found, empty, pause_ns;
	int64_t most_ns; /* since it was taken away last */
};

#define GC_PAUSE_KEY(who, generation, bucket) ((who) << 12 | (generation) << 10 | (bucket))

/* How many pauses of one of them are in one bucket of a generation's histogram. */
struct gc_pause {
	uint32_t key; /* below, plus 1; 0: not written yet */
	uint32_t unused;
	uint64_t count;
};

/* Figures of all together. */
struct gc_tables {
	struct totals totals;
	struct gc_sums sums[GC_GENERATIONS];
	uint64_t pauses[GC_GENERATIONS][HISTOGRAM_BUCKETS];
};

/* Those that are told apart. */
struct gc_apart {
	struct gc_sums sums[WHOS + 1][GC_GENERATIONS];
	uint64_t n_pauses;
	struct gc_pause pauses[GC_PAUSES + 1];
};

#endif
