/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gc_events: the tables of gc_events.bpf.c, as the collector reads them.
 */
#ifndef TELETAP_BPF_GC_EVENTS_H
#define TELETAP_BPF_GC_EVENTS_H

#include "stack.h"

#define GC_EVENTS 256

/* A collection; unknown: -1. */
struct gc_event {
	uint64_t number; /* of all, from 1; 0: it is being written */
	uint64_t done_ns;
	int64_t found;
	uint64_t pause_ns;
	int32_t generation, automatic, enabled, ending, forked;
	uint32_t tid, pid;
	struct walked stack;
};

/* Where a return address lies on the stack, in words; 0: not known yet, -1: it varies. */
struct gc_distance {
	int64_t words;
	uint64_t sure; /* seen twice */
};

struct gc_events_tables {
	struct totals totals;
	struct walk_sums stacks;
	uint64_t n_names;
	struct name_entry names[WALK_NAMES + 1];
	struct gc_distance distances[2];
	uint64_t n_events;
	struct gc_event events[GC_EVENTS];
};

#endif
