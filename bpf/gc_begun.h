/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gc_begun: the beginnings and ends of collections, which belong together. A thread has one under
 * way. A beginning whose end is not seen is lost, and counted; so is an end without a beginning,
 * but for the first one of a thread: that one began before attaching, or before a fork. GC_MORE:
 * members of what a program keeps of a collection.
 */
#ifndef TELETAP_BPF_GC_BEGUN_H
#define TELETAP_BPF_GC_BEGUN_H

#include "operands.h"
#include "session.h"

#define GC_OLDEST 2

/* In place of a generation: the beginning is lost, and counted; an end came without a beginning. */
#define BEGIN_LOST (GC_OLDEST + 1)
#define END_ONLY (GC_OLDEST + 2)

/* More objects than an address space has room for: no number of objects. */
#define FOUND_END (1ll << 43)

#ifndef GC_MORE
#define GC_MORE
#endif

struct begun {
	uint64_t ns, birth; /* birth: of its thread */
	uint64_t generation;
	GC_MORE
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, uint32_t);
	__type(value, struct begun);
} collections SEC(".maps");

/* What is known of the current thread; one of another birth has ended, and had the same number. */
static __always_inline struct begun *gc_known(void)
{
	uint32_t tid = bpf_get_current_pid_tgid();
	struct begun *b = bpf_map_lookup_elem(&collections, &tid);

	return b && b->birth == bpf_get_current_task_btf()->start_time ? b : NULL;
}

/* A collection begins. False: which generation cannot be, which is counted. */
static __always_inline bool gc_generation(void *ctx, struct begun *b)
{
	const struct site *site = site_of(ctx);
	int64_t generation;

	b->generation = BEGIN_LOST;
	if (!site)
		return false;
	if (!operand_read(ctx, &site->operands[0], &generation) || generation < 0 ||
	    generation > GC_OLDEST) {
		count(&tables.totals.unread);
		return false;
	}
	b->generation = generation;
	return true;
}

/* The thread's collection that should have ended before the next one begins; NULL: none. */
static __always_inline const struct begun *gc_unended(void)
{
	const struct begun *b = gc_known();

	if (!b || b->generation > GC_OLDEST)
		return NULL;
	count(&tables.totals.unread);
	return b;
}

/* Keeps what has begun, from now on; false: there is no room, which is counted. */
static __always_inline bool gc_keep(struct begun *b)
{
	uint32_t tid = bpf_get_current_pid_tgid();

	b->birth = bpf_get_current_task_btf()->start_time;
	b->ns = bpf_ktime_get_ns();
	if (!bpf_map_update_elem(&collections, &tid, b, BPF_ANY))
		return true;
	if (b->generation <= GC_OLDEST)
		count(&tables.totals.full);
	return false;
}

static __always_inline void gc_ended_only(bool is_first)
{
	struct begun b = { .generation = END_ONLY };

	if (!watched())
		return;
	if (is_first)
		gc_keep(&b);
	else
		count(&tables.totals.unread);
}

/* A collection is over: what has been kept of its beginning. False: it does not count. */
static __always_inline bool gc_ended(struct begun *out)
{
	uint32_t tid = bpf_get_current_pid_tgid();
	struct begun *b = gc_known();

	if (!b || b->generation == END_ONLY) {
		gc_ended_only(!b);
		return false;
	}
	*out = *b;
	bpf_map_delete_elem(&collections, &tid);
	return out->generation <= GC_OLDEST;
}

/* How many objects were found, at its end; false: that cannot be, which is counted. */
static __always_inline bool gc_found(void *ctx, const struct site *site, int64_t *found)
{
	if (operand_read(ctx, &site->operands[0], found) && *found >= 0 && *found < FOUND_END)
		return true;
	count(&tables.totals.unread);
	return false;
}

#endif
