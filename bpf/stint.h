/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stint: what threads are at, one thing at a time, and how long: a wait, a system call. The
 * tables of offcpu.bpf.c and syscalls.bpf.c, as the collector reads them.
 */
#ifndef TELETAP_BPF_STINT_H
#define TELETAP_BPF_STINT_H

#include "stack.h"

#define STINT_ROWS 8192

/* Sums by whose, where (a stack, or a function), and what it is. */
struct stint_row {
	uint32_t who, where, what;
	uint32_t ready; /* the row is written */
	uint64_t begun, ended, ns;
	uint64_t more;   /* waits: ns ready to run; calls: errors */
	int64_t most_ns; /* since it was taken away last */
};

/*
 * A thread has a slot by its number and when it was started, in a set of eight. The thread itself,
 * who switches to it, and the collector, which adds the time so far, change "since" by
 * exchanges: who takes the time out adds it up.
 */
#define STINT_SETS 1024
#define STINT_WAYS 8

struct stint {
	int64_t began, since; /* since: what is not in the sums yet; 0: at nothing */
	int64_t ready;        /* when it was woken up; 0: not yet */
	uint32_t row, pid;    /* pid: the thread's number */
	/* What it is at since before the probes were there: its sums are apart from those above. */
	int64_t old_began, old_since;
	uint32_t old_row;
	uint32_t gone; /* the collector's own: the thread had ended when it looked last */
};

enum { WAIT_TIMES, READY_TIMES, STINT_TIMES };

struct stint_tables {
	struct totals totals;
	WALK_TABLES;
	uint64_t n_rows;
	struct stint_row rows[STINT_ROWS + 1];
	uint64_t keys[STINT_SETS][STINT_WAYS];
	struct stint stints[STINT_SETS][STINT_WAYS];
	uint64_t times[STINT_TIMES][HISTOGRAM_BUCKETS]; /* of waits */
	uint64_t unpaired;                              /* ends without a beginning */
};

/* A row's "what" of page 235: the cause, and the system call plus 1. */
#define CAUSE_BITS 16
/* In the order of the record "off", wrapper/model/records.def. */
enum {
	CAUSE_CALL,
	CAUSE_DISK,
	CAUSE_FAULT,
	CAUSE_READY,
	CAUSE_STOP,
	CAUSE_FROZEN,
	CAUSE_BEFORE = 16
};

/* A row's "what" of page 233: the call, and with the bit ERROR an error above it. */
#define CALL_BITS 11
#define CALL_ERROR 0x80000000U

/* A row's "what" of page 223: the thread, and above it as the record "hit" has it. */
#define SAMPLE_BITS 30
#define SAMPLE_TICKS 4 /* of the clock, for one sample */
enum { SAMPLE_RUNS, SAMPLE_WAITS, SAMPLE_BEFORE };

#endif
