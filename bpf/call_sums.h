/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * call_sums: the tables of sums.bpf.c and calls_timed.bpf.c, as the collector reads them.
 */
#ifndef TELETAP_BPF_CALL_SUMS_H
#define TELETAP_BPF_CALL_SUMS_H

#include "calls.h"

#define BATCH_ROWS 128 /* that a batch has at most */

struct call_sums {
	uint64_t calls, inclusive, exclusive;
};

/* Calls of a name by one process. */
struct sums_row {
	uint32_t who;
	uint32_t name; /* 0: not written yet */
	struct call_sums sums;
};

struct sums_tables {
	struct totals totals;
	uint64_t n_names;
	struct name_entry names[CALL_NAMES + 1];
	uint64_t switches;                     /* a thread has changed stacks */
	struct call_sums sums[CALL_NAMES + 1]; /* of those that are not told apart */
	uint64_t n_rows;
	struct sums_row rows[CALL_ROWS + 1];
};

#endif
