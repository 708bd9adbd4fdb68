/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flow: the tables and the events of flow.bpf.c and flow_extension.bpf.c, as the collector reads
 * them.
 */
#ifndef TELETAP_BPF_FLOW_H
#define TELETAP_BPF_FLOW_H

#include "calls.h"

#define FLOW_RING (1 << 20) /* bytes of the map "events" */

enum { FLOW_ENTRY, FLOW_RETURN };

struct flow_event {
	uint64_t at_ns;
	int64_t took_ns; /* -1: not known */
	uint32_t name, depth, tid, kind;
};

struct flow_tables {
	struct totals totals;
	uint64_t n_names;
	struct name_entry names[CALL_NAMES + 1];
	uint64_t switches;              /* a thread has changed stacks */
	uint64_t left;                  /* events that were left out */
	uint64_t rate;                  /* so many a second may come of wanted names; 0: any */
	uint64_t second;                /* the present one << 32 | such events in it */
	uint8_t wanted[CALL_NAMES + 1]; /* NAME_...: the collector judges them as they come */
};

#endif
