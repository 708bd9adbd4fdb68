// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which function calls which, one event after the other? Page 222 of a CPython 3.11, which tells of
 * returns only.
 */
#include "flow.h"
#include "session.h"

struct flow_tables tables;

#include "flow_events.h"
#include "returned.h"

SEC("uprobe/function__return")
int call_return(void *ctx)
{
	uint64_t now = bpf_ktime_get_ns();
	uint32_t name = call_returned(ctx);

	if (name)
		flow_add(FLOW_RETURN, name, 0, now, -1);
	return 0;
}
