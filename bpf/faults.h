/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * faults: the tables of faults.bpf.c, as the collector reads them.
 */
#ifndef TELETAP_BPF_FAULTS_H
#define TELETAP_BPF_FAULTS_H

#include "stack.h"

#define FAULT_ROWS 8192

/* In the order of the record "fault", wrapper/model/records.def. */
enum {
	SPACE_MINOR,
	SPACE_MAJOR,
	SPACE_GROWN, /* and shrunk, in pages, behind it */
	SPACE_MAPPED = 4,
	SPACE_SUMS = 6
};

struct fault_row {
	uint32_t who, function;
	uint64_t ready;
	uint64_t sums[SPACE_SUMS];
};

/* An address space: another one may have its number later, and lie elsewhere then. */
struct space_key {
	uint64_t mm, stack, code, birth;
};

struct space {
	int64_t resident, mapped; /* pages, when it was looked at last */
	uint32_t pid, unused;
};

struct fault_tables {
	struct totals totals;
	WALK_TABLES; /* no stacks are kept */
	uint64_t n_rows;
	struct fault_row rows[FAULT_ROWS + 1];
};

#endif
