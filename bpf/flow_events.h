/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flow_events: entries and returns one by one, as many as the rate allows. A name is new until the
 * collector has judged it.
 */
#ifndef TELETAP_BPF_FLOW_EVENTS_H
#define TELETAP_BPF_FLOW_EVENTS_H

#include "flow.h"
#define RING_SIZE FLOW_RING
#include "ring.h"
#include "session.h"

#define SECOND_NS 1000000000ULL

/* Does the rate allow one more? */
static __always_inline bool flow_allowed(uint64_t now)
{
	uint64_t second = now / SECOND_NS << 32, old = *(volatile uint64_t *)&tables.second;

	if (old >> 32 != second >> 32)
		__sync_val_compare_and_swap(&tables.second, old, second);
	return !tables.rate || (uint32_t)__sync_fetch_and_add(&tables.second, 1) < tables.rate;
}

static __always_inline void flow_add(uint32_t kind, uint32_t name, uint32_t depth, uint64_t now,
				     int64_t took_ns)
{
	uint8_t wanted = *(volatile uint8_t *)&tables.wanted[INDEX(name, CALL_NAMES)];
	struct flow_event *e;

	if (wanted == NAME_UNWANTED)
		return;
	e = wanted == NAME_NEW || flow_allowed(now) ? bpf_ringbuf_reserve(&events, sizeof(*e), 0)
						    : NULL;
	if (!e) {
		count(&tables.left);
		return;
	}
	e->at_ns = now;
	e->took_ns = took_ns;
	e->name = name;
	e->depth = depth;
	e->tid = bpf_get_current_pid_tgid();
	e->kind = kind;
	bpf_ringbuf_submit(e, ring_flags());
}

#endif
