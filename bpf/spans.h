/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spans: the tables of spans.bpf.c, as the collector reads them.
 */
#ifndef TELETAP_BPF_SPANS_H
#define TELETAP_BPF_SPANS_H

#include "shared.h"

#define SPAN_OPERATIONS 256
#define SPANS_OPEN 16384

struct span_sums {
	uint64_t begun, ended, failed, again, gone, total_ns;
	int64_t most_ns; /* since it was taken away last */
};

/* The key of one under way, in the map "under_way"; its value is when it began, in ns. */
struct span_key {
	uint64_t id;
	uint32_t pid, operation;
};

struct span_tables {
	struct totals totals;
	uint64_t n_names;
	struct name_entry names[SPAN_OPERATIONS + 1];
	uint64_t unpaired; /* ends without a beginning that was seen */
	struct span_sums sums[SPAN_OPERATIONS + 1];
	uint32_t times[SPAN_OPERATIONS + 1][HISTOGRAM_BUCKETS];
};

#endif
