/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * call_times: the tables of call_times.bpf.c and call_times_extension.bpf.c, as the collector
 * reads them.
 */
#ifndef TELETAP_BPF_CALL_TIMES_H
#define TELETAP_BPF_CALL_TIMES_H

#include "calls.h"

#define TOOK_BUCKETS 32768
#define NAMES_RING (1 << 16) /* bytes of the map "events": numbers of names to be judged */

#define TOOK_KEY(name, bucket) ((name) << 10 | (bucket))

/* How many calls of a name are in one bucket of its histogram. */
struct took_bucket {
	uint32_t key; /* above, plus 1; 0: not written yet */
	uint32_t unused;
	uint64_t count;
};

/* How long the calls of a name took, in ns. */
struct call_time {
	uint64_t total;
	int64_t most; /* since it was taken away last */
};

struct times_tables {
	struct totals totals;
	uint64_t n_names;
	struct name_entry names[CALL_NAMES + 1];
	uint64_t switches;              /* a thread has changed stacks */
	uint8_t wanted[CALL_NAMES + 1]; /* NAME_... */
	uint64_t calls[CALL_NAMES + 1];
	struct call_time times[CALL_NAMES + 1];
	uint64_t n_buckets;
	struct took_bucket buckets[TOOK_BUCKETS + 1];
};

#endif
