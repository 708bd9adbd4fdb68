// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What does the garbage collector do, by generation, and what does it cost? Pages 210 and 212.
 */
#include "gc.h"
#include "histogram.h"

struct gc_tables tables;

#include "extension.h"
#include "gc_begun.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, GC_PAUSES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, uint32_t);
	__type(value, uint32_t);
} apart_numbers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, uint32_t);
	__type(value, struct gc_apart);
} apart SEC(".maps");

SEC("uprobe/gc__start")
int gc_start(void *ctx)
{
	struct begun b = { 0 };

	if (!watched())
		return 0;
	gc_generation(ctx, &b);
	gc_unended();
	gc_keep(&b);
	return 0;
}

static __always_inline struct gc_apart *told_apart(void)
{
	uint32_t zero = 0;

	return bpf_map_lookup_elem(&apart, &zero);
}

static __always_inline void pause_of(struct gc_apart *a, uint32_t who, uint32_t generation,
				     uint32_t bucket)
{
	uint32_t key = GC_PAUSE_KEY(who, generation, bucket);
	struct gc_pause *pause;
	bool is_new;
	uint32_t number = entry_number(&apart_numbers, &key, &a->n_pauses, GC_PAUSES,
				       &tables.totals.full, &is_new);

	if (!number)
		return;
	pause = &a->pauses[INDEX(number, GC_PAUSES)];
	if (is_new)
		*(volatile uint32_t *)&pause->key = key + 1;
	count(&pause->count);
}

static __always_inline void collection_add(uint32_t generation, int64_t found, int64_t pause_ns)
{
	uint32_t g = INDEX(generation, GC_GENERATIONS - 1), bucket = histogram_bucket(pause_ns);
	struct gc_sums *s = &tables.sums[g];

	if (config.by) {
		struct gc_apart *a = told_apart();
		uint32_t who = who_here(&tables.totals);

		if (!a)
			return;
		s = &a->sums[INDEX(who, WHOS)][g];
		pause_of(a, who, g, bucket);
	} else {
		count(&tables.pauses[g][INDEX(bucket, HISTOGRAM_BUCKETS - 1)]);
	}
	count(&s->runs);
	__sync_fetch_and_add(&s->found, found);
	if (!found)
		count(&s->empty);
	__sync_fetch_and_add(&s->pause_ns, pause_ns);
	if (!extend(&s->most_ns, pause_ns, true))
		count(&tables.totals.unread);
}

SEC("uprobe/gc__done")
int gc_done(void *ctx)
{
	uint64_t now = bpf_ktime_get_ns();
	const struct site *site = site_of(ctx);
	struct begun b;
	int64_t found;

	if (!site || !gc_ended(&b) || !gc_found(ctx, site, &found))
		return 0;
	collection_add(b.generation, found, now - b.ns);
	seen(&tables.totals);
	return 0;
}
