/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ring: events that the collector reads one by one. It is not woken for each.
 */
#ifndef TELETAP_BPF_RING_H
#define TELETAP_BPF_RING_H

#include "kernel.h"

#ifndef RING_SIZE
#error "RING_SIZE: bytes, a power of two"
#endif

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_SIZE);
} events SEC(".maps");

/* How to submit an event: the collector is to read when a quarter is used. */
static __always_inline uint64_t ring_flags(void)
{
	return bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) > RING_SIZE / 4 ? BPF_RB_FORCE_WAKEUP
									     : BPF_RB_NO_WAKEUP;
}

#endif
