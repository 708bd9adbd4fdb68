/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flow_calls: entries and returns one by one, by what call_enter and call_leave tell.
 */
#ifndef TELETAP_BPF_FLOW_CALLS_H
#define TELETAP_BPF_FLOW_CALLS_H

#include "flow_events.h"

SEC("uprobe/function__entry")
int call_entry(void *ctx)
{
	uint64_t now = bpf_ktime_get_ns();
	uint32_t depth, name = call_enter(ctx, now, &depth);

	if (name)
		flow_add(FLOW_ENTRY, name, depth, now, -1);
	return 0;
}

SEC("uprobe/function__return")
int call_return(void *ctx)
{
	uint64_t now = bpf_ktime_get_ns();
	struct call_over over;
	uint32_t name = call_leave(ctx, now, &over);

	if (name)
		flow_add(FLOW_RETURN, name, over.depth, now,
			 over.timed ? (int64_t)over.took_ns : -1);
	return 0;
}

#endif
