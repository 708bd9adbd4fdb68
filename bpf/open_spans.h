/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * open_spans: operations that begin and end, in any thread of a process.
 */
#ifndef TELETAP_BPF_OPEN_SPANS_H
#define TELETAP_BPF_OPEN_SPANS_H

#include "histogram.h"
#include "session.h"
#include "spans.h"

#define OPEN_TRIES 16

struct span_tables tables;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SPANS_OPEN);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct span_key);
	__type(value, uint64_t);
} under_way SEC(".maps");

/* One that is begun again takes the other's place. Threads may do so at once. */
static __always_inline void span_open(const struct span_key *key)
{
	struct span_sums *sums = &tables.sums[INDEX(key->operation, SPAN_OPERATIONS)];
	uint64_t now = bpf_ktime_get_ns();
	long err = -EEXIST;

	for (int i = 0; i < OPEN_TRIES && err == -EEXIST; i++) {
		err = bpf_map_update_elem(&under_way, key, &now, BPF_NOEXIST);
		if (err == -EEXIST && !bpf_map_delete_elem(&under_way, key))
			count(&sums->again);
	}
	if (err)
		count(&tables.totals.full);
	else
		count(&sums->begun);
}

static __always_inline void span_add(uint32_t operation, int64_t took_ns, bool failed)
{
	uint64_t i = INDEX(operation, SPAN_OPERATIONS);
	uint64_t bucket = INDEX(histogram_bucket(took_ns), HISTOGRAM_BUCKETS - 1);
	struct span_sums *s = &tables.sums[i];

	__sync_fetch_and_add(&s->total_ns, took_ns);
	if (!extend(&s->most_ns, took_ns, true))
		count(&tables.totals.unread);
	__sync_fetch_and_add(&tables.times[i][bucket], 1);
	if (failed)
		count(&s->failed);
	count(&s->ended);
}

/* The span ends now. One whose beginning was not seen is counted as such. */
static __always_inline void span_close(const struct span_key *key, uint64_t now, bool failed)
{
	uint64_t *began = bpf_map_lookup_elem(&under_way, key), began_ns = began ? *began : 0;

	/* Of two ends at once one has it. */
	if (!began || bpf_map_delete_elem(&under_way, key)) {
		count(&tables.unpaired);
		return;
	}
	span_add(key->operation, now > began_ns ? now - began_ns : 0, failed);
}

#endif
