// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which function calls which, one event after the other? Page 222 by the extension's markers.
 */
#include "flow.h"
#include "session.h"

struct flow_tables tables;

#include "flow_events.h"
#include "open_calls.h"

SEC("uprobe/function__entry")
int call_entry(void *ctx)
{
	uint64_t now = bpf_ktime_get_ns();
	uint32_t depth, name = extension_enter(ctx, now, &depth);

	if (name)
		flow_add(FLOW_ENTRY, name, depth, now, -1);
	return 0;
}

SEC("uprobe/function__return")
int call_return(void *ctx)
{
	uint64_t took_ns, now = bpf_ktime_get_ns();
	uint32_t depth, name = extension_leave(ctx, now, &took_ns, &depth);

	if (name)
		flow_add(FLOW_RETURN, name, depth, now, took_ns);
	return 0;
}
