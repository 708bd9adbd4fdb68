// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which functions are called most, and where does the time go? Page 220 of a CPython 3.9 or 3.15,
 * by its own markers.
 */
#include "function_sums.h"

#include "frame_calls.h"

static __always_inline void call_count(uint32_t name)
{
	struct call_sums *sums = sums_of(who_here(&tables.totals), name);

	if (sums)
		count(&sums->calls);
}

SEC("uprobe/function__entry")
int call_entry(void *ctx)
{
	uint32_t depth, name = call_enter(ctx, bpf_ktime_get_ns(), &depth);

	if (name)
		call_count(name);
	return 0;
}

/* Inclusive time counts for the outermost call of a recursion only. */
SEC("uprobe/function__return")
int call_return(void *ctx)
{
	struct call_over over;
	uint32_t name = call_leave(ctx, bpf_ktime_get_ns(), &over);
	struct call_sums *sums;

	if (name && !over.timed)
		call_count(name);
	if (!name || !over.timed)
		return 0;
	sums = sums_of(who_here(&tables.totals), name);
	if (!sums)
		return 0;
	if (over.outer)
		__sync_fetch_and_add(&sums->inclusive, over.took_ns);
	if (over.took_ns > over.child_ns)
		__sync_fetch_and_add(&sums->exclusive, over.took_ns - over.child_ns);
	return 0;
}
