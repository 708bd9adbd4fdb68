// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where is the time spent? Page 223: Python stacks, sampled by the clock of each processor, and
 * where it is waited. As tapsets/teletap_sample.stp.
 */
#include "switch.h"

static __always_inline void wait_over(const struct stint *s, struct stint_row *row, int64_t now,
				      int64_t took)
{
	(void)s, (void)row, (void)now, (void)took;
}

struct turn {
	uint32_t tick, chosen;
};

/* A row of a thread in a stack; it is of its process. */
static __always_inline uint32_t sample_row(struct task_struct *task, uint32_t stack, uint32_t kind)
{
	return row_number(task->tgid, stack, kind << SAMPLE_BITS | task->pid);
}

/* By processor: the clock's interrupt is not interrupted by itself. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct turn);
} turns SEC(".maps");

/*
 * One of SAMPLE_TICKS, any: else a program that the scheduler lets run as regularly as the clock
 * ticks would be found always, or never.
 */
static __always_inline bool is_due(void)
{
	uint32_t zero = 0;
	struct turn *t = bpf_map_lookup_elem(&turns, &zero);
	bool due;

	if (!t)
		return false;
	if (!t->tick)
		t->chosen = bpf_get_prandom_u32() % SAMPLE_TICKS;
	due = t->tick == t->chosen;
	t->tick = (t->tick + 1) % SAMPLE_TICKS;
	return due;
}

SEC("perf_event")
int sampled(void *ctx __attribute__((unused)))
{
	struct task_struct *task = bpf_get_current_task_btf();
	uint32_t row;

	if (!is_due() || !ours(task))
		return 0;
	seen(&tables.totals);
	row = sample_row(task, stack_here(), SAMPLE_RUNS);
	if (row)
		count(&row_at(row)->more);
	return 0;
}

/* Loaded when waits are wanted, as the next one. */
SEC("tp_btf/sched_switch")
int waiting_switched(uint64_t *ctx)
{
	if (!switch_over(ctx) || ctx[0] & 1 || !(uint32_t)ctx[3])
		return 0;
	seen(&tables.totals);
	stint_begin(sample_row(bpf_get_current_task_btf(), stack_here(), SAMPLE_WAITS));
	return 0;
}

SEC("iter/task")
int waiting_look(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (task && had_slept(task))
		wait_found(task, sample_row(task, 0, SAMPLE_BEFORE));
	return 0;
}
