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

/* Collections under way, by thread. */
struct begun {
	uint64_t ns, birth;
	uint64_t bias;
	int32_t generation, automatic, enabled, has_python;
	struct walk walk;
};

#define SCRATCH struct begun
#include "scratch.h"

SEC("uprobe/gc__start")
int gc_start(void *ctx)
{
	const struct site *site = site_of(ctx);
	uint64_t thread = 0;
	struct begun *b;
	int64_t generation, told = -1;

	if (!site || !watched())
		return 0;
	if (!operand_read(ctx, &site->operands[0], &generation) ||
	    (site->n_operands > 3 && !operand_read(ctx, &site->operands[3], &told))) {
		count(&tables.totals.unread);
		return 0;
	}
	b = scratch_of(&tables.totals, bpf_get_current_pid_tgid());
	if (!b)
		return 0;
	b->has_python = python_bias(ctx, site, 1, &b->bias);
	b->enabled = -1;
	b->automatic = GC_UNKNOWN;
	if (b->has_python) {
		thread = python_thread(b->bias);
		python_stack(&b->walk, b->bias, thread);
		b->automatic = gc_cause(operand_register(ctx, AT_SP), b->bias, thread,
					site->n_operands > 3 ? &told : NULL, &b->enabled);
	} else {
		b->walk.stack.n = 0;
		count(&tables.stacks.none);
	}
	b->generation = generation;
	b->birth = bpf_get_current_task_btf()->start_time;
	b->ns = bpf_ktime_get_ns();
	return 0;
}

SEC("uprobe/gc__done")
int gc_done(void *ctx)
{
	uint64_t now = bpf_ktime_get_ns(), number;
	struct task_struct *task = bpf_get_current_task_btf();
	uint32_t tid = bpf_get_current_pid_tgid();
	const struct site *site = site_of(ctx);
	struct begun *b = bpf_map_lookup_elem(&by_thread, &tid);
	struct gc_event *e;
	int64_t found;

	if (!b || !site)
		return 0;
	/* Of a thread that has ended before, and had the same number. */
	if (b->birth != task->start_time || !operand_read(ctx, &site->operands[0], &found)) {
		if (b->birth == task->start_time)
			count(&tables.totals.unread);
		goto out;
	}
	number = __sync_fetch_and_add(&tables.n_events, 1) + 1;
	e = &tables.events[INDEX((number - 1) & (GC_EVENTS - 1), GC_EVENTS - 1)];
	__sync_lock_test_and_set(&e->number, 0);
	e->done_ns = now;
	e->found = found;
	e->pause_ns = now - b->ns;
	e->generation = b->generation;
	e->automatic = b->automatic;
	e->enabled = b->enabled;
	e->ending = b->has_python ? gc_ending(b->bias) : -1;
	e->forked = !!(task->group_leader->flags & PF_FORKNOEXEC);
	e->tid = tid;
	e->pid = bpf_get_current_pid_tgid() >> 32;
	bpf_probe_read_kernel(&e->stack, sizeof(e->stack), &b->walk.stack);
	__sync_lock_test_and_set(&e->number, number);
	seen(&tables.totals);
out:
	bpf_map_delete_elem(&by_thread, &tid);
	return 0;
}
