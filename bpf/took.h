/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * took: how long calls of chosen functions take, by what call_enter and call_leave tell. A function
 * has a histogram until the collector, which is told of each, says that it is not wanted.
 */
#ifndef TELETAP_BPF_TOOK_H
#define TELETAP_BPF_TOOK_H

#include "histogram.h"
#define RING_SIZE NAMES_RING
#include "ring.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, TOOK_BUCKETS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, uint32_t);
	__type(value, uint32_t);
} bucket_numbers SEC(".maps");

static __always_inline void bucket_add(uint32_t name, uint64_t took_ns)
{
	uint32_t key = TOOK_KEY(name, histogram_bucket(took_ns)), number;
	struct took_bucket *bucket;
	bool is_new;

	number = entry_number(&bucket_numbers, &key, &tables.n_buckets, TOOK_BUCKETS,
			      &tables.totals.full, &is_new);
	if (!number)
		return;
	bucket = &tables.buckets[INDEX(number, TOOK_BUCKETS)];
	if (is_new)
		*(volatile uint32_t *)&bucket->key = key + 1;
	count(&bucket->count);
}

/* Has the collector judge a name that is new. */
static __always_inline void name_ask(uint32_t name)
{
	uint8_t *wanted = &tables.wanted[INDEX(name, CALL_NAMES)];
	uint32_t *event;

	if (*(volatile uint8_t *)wanted != NAME_NEW)
		return;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event)
		return; /* it is asked again */
	*(volatile uint8_t *)wanted = NAME_ASKED;
	*event = name;
	bpf_ringbuf_submit(event, BPF_RB_FORCE_WAKEUP);
}

SEC("uprobe/function__entry")
int call_entry(void *ctx)
{
	uint64_t now = bpf_ktime_get_ns();
	uint32_t depth, name = call_enter(ctx, now, &depth);

	if (!name)
		return 0;
	name_ask(name);
	count(&tables.calls[INDEX(name, CALL_NAMES)]);
	return 0;
}

SEC("uprobe/function__return")
int call_return(void *ctx)
{
	struct call_over over;
	uint32_t name = call_leave(ctx, bpf_ktime_get_ns(), &over);
	struct call_time *time;

	if (name && !over.timed)
		count(&tables.calls[INDEX(name, CALL_NAMES)]);
	if (!name || !over.timed ||
	    *(volatile uint8_t *)&tables.wanted[INDEX(name, CALL_NAMES)] == NAME_UNWANTED)
		return 0;
	time = &tables.times[INDEX(name, CALL_NAMES)];
	__sync_fetch_and_add(&time->total, over.took_ns);
	if (!extend(&time->most, over.took_ns, true))
		count(&tables.totals.unread);
	bucket_add(name, over.took_ns);
	return 0;
}

#endif
