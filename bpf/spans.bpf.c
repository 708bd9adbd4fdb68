// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How often does the application do what it does, how long does it take, does it fail? Page
 * 242.
 */
#include "spans.h"
#define NAME_ROOM SPAN_OPERATIONS
#include "histogram.h"
#include "names.h"
#include "operands.h"

#define OPEN_TRIES 16

struct span_tables tables;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SPANS_OPEN);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct span_key);
	__type(value, uint64_t);
} under_way SEC(".maps");

/* The number of the operation with this name; 0: none, which is counted. */
static __always_inline uint32_t operation_of(uint64_t text)
{
	struct name name = { 0 };

	if (!name_read(&tables.totals, name.function, sizeof(name.function), text))
		return 0;
	return name_number(&tables.totals, &tables.n_names, tables.names, &name);
}

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

/* Which span it is; false: that cannot be read, or has no room, which is counted. */
static __always_inline bool span_read(void *ctx, const struct site *site, struct span_key *key)
{
	int64_t text, id;

	if (!operand_read(ctx, &site->operands[0], &text) ||
	    !operand_read(ctx, &site->operands[1], &id)) {
		count(&tables.totals.unread);
		return false;
	}
	key->operation = operation_of(text);
	if (!key->operation)
		return false;
	key->id = id;
	key->pid = bpf_get_current_pid_tgid() >> 32;
	return true;
}

SEC("uprobe/teletap__span__begin")
int span_begin(void *ctx)
{
	const struct site *site = site_of(ctx);
	struct span_key key = { 0 };

	if (!site || !watched())
		return 0;
	seen(&tables.totals);
	if (span_read(ctx, site, &key))
		span_open(&key);
	return 0;
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

SEC("uprobe/teletap__span__end")
int span_end(void *ctx)
{
	uint64_t now = bpf_ktime_get_ns(), *began, began_ns;
	const struct site *site = site_of(ctx);
	struct span_key key = { 0 };
	int64_t status;

	if (!site || !watched())
		return 0;
	if (!operand_read(ctx, &site->operands[2], &status)) {
		count(&tables.totals.unread);
		return 0;
	}
	if (!span_read(ctx, site, &key))
		return 0;
	began = bpf_map_lookup_elem(&under_way, &key);
	if (began)
		began_ns = *began;
	/* Of two ends at once one has it. */
	if (!began || bpf_map_delete_elem(&under_way, &key)) {
		count(&tables.unpaired);
		return 0;
	}
	span_add(key.operation, now > began_ns ? now - began_ns : 0, status != 0);
	return 0;
}
