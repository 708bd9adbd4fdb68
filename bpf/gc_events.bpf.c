// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which collections were there, and who caused them? Page 211: the last 256 of an interval.
 */
#include "gc_events.h"
#include "operands.h"
#include "session.h"

struct gc_events_tables tables;

#include "extension.h"
#include "gc_cause.h"
#include "python.h"

/* What is kept of a collection under way; unknown: -1. */
#define GC_MORE                                                                                    \
	uint64_t bias;                                                                             \
	int32_t automatic, enabled, has_python, unused;
#include "gc_begun.h"

/* And its stack. */
#define SCRATCH struct walk
#include "scratch.h"

/* Who caused the collection that begins? */
static __always_inline void cause(void *ctx, const struct site *site, struct begun *b,
				  struct walk *walk)
{
	uint64_t thread;
	int64_t told = -1;

	if (site->n_operands > 3 && !operand_read(ctx, &site->operands[3], &told))
		told = -1;
	b->has_python = python_bias(ctx, site, 1, &b->bias);
	if (!b->has_python) {
		walk->stack.n = 0;
		count(&tables.stacks.none);
		return;
	}
	thread = python_thread(b->bias);
	python_stack(walk, b->bias, thread);
	b->automatic = gc_cause(operand_register(ctx, AT_SP), b->bias, thread,
				site->n_operands > 3 ? &told : NULL, &b->enabled);
}

SEC("uprobe/gc__start")
int gc_start(void *ctx)
{
	const struct site *site = site_of(ctx);
	struct begun b = { .automatic = GC_UNKNOWN, .enabled = -1 };
	struct walk *walk;

	if (!site || !watched())
		return 0;
	gc_unended();
	if (gc_generation(ctx, &b)) {
		walk = scratch_of(&tables.totals, bpf_get_current_pid_tgid());
		if (walk)
			cause(ctx, site, &b, walk);
		else
			b.generation = BEGIN_LOST;
	}
	gc_keep(&b);
	return 0;
}

static __always_inline void event_add(const struct begun *b, const struct walk *walk, int64_t found,
				      uint64_t now)
{
	uint64_t number = __sync_fetch_and_add(&tables.n_events, 1) + 1;
	struct gc_event *e = &tables.events[INDEX((number - 1) & (GC_EVENTS - 1), GC_EVENTS - 1)];

	__sync_lock_test_and_set(&e->number, 0);
	e->done_ns = now;
	e->found = found;
	e->pause_ns = now - b->ns;
	e->generation = b->generation;
	e->automatic = b->automatic;
	e->enabled = b->enabled;
	e->ending = b->has_python && PYTHON(r_ending) ? gc_ending(b->bias) : -1;
	e->forked = !!(bpf_get_current_task_btf()->group_leader->flags & PF_FORKNOEXEC);
	e->tid = bpf_get_current_pid_tgid();
	e->pid = bpf_get_current_pid_tgid() >> 32;
	bpf_probe_read_kernel(&e->stack, sizeof(e->stack), &walk->stack);
	__sync_lock_test_and_set(&e->number, number);
}

SEC("uprobe/gc__done")
int gc_done(void *ctx)
{
	uint64_t now = bpf_ktime_get_ns();
	uint32_t tid = bpf_get_current_pid_tgid();
	const struct site *site = site_of(ctx);
	const struct walk *walk;
	struct begun b;
	int64_t found;

	if (!site || !gc_ended(&b))
		return 0;
	walk = bpf_map_lookup_elem(&by_thread, &tid);
	if (walk && gc_found(ctx, site, &found)) {
		event_add(&b, walk, found, now);
		seen(&tables.totals);
	}
	bpf_map_delete_elem(&by_thread, &tid);
	return 0;
}
