// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where do threads wait, what for, and how long? Page 235. As tapsets/teletap_offcpu.stp.
 */
#include "histogram.h"
#include "switch.h"

/* include/linux/sched.h; FROZEN from Linux 6.1 on, where no other state has that bit before. */
#define STOPPED 0x04
#define TRACED 0x08
#define FROZEN 0x8000
#define TRAP_FREEZE (1 << 23) /* include/linux/sched/jobctl.h */

static __always_inline uint32_t cause_of(struct task_struct *task, bool preempted, uint32_t state)
{
	struct task_struct___wait *t = (struct task_struct___wait *)task;
	int32_t number = call_under_way(task);
	uint32_t call = number >= 0 ? call_of(task, number) + 1 : 0;

	if (preempted || !state)
		return CAUSE_READY << CAUSE_BITS;
	if (state & (STOPPED | TRACED))
		return CAUSE_STOP << CAUSE_BITS;
	/* By a cgroup, or with the whole host. */
	if (state & FROZEN || (BPF_CORE_READ_BITFIELD(t, frozen) && t->jobctl & TRAP_FREEZE))
		return CAUSE_FROZEN << CAUSE_BITS;
	if (BPF_CORE_READ_BITFIELD(t, in_iowait))
		return CAUSE_DISK << CAUSE_BITS | call;
	return (call ? CAUSE_CALL : CAUSE_FAULT) << CAUSE_BITS | call;
}

/* A wait has ended: the part of it in which the thread was ready, and its bucket. */
static __always_inline void wait_over(const struct stint *s, struct stint_row *row, int64_t now,
				      int64_t took)
{
	bool ready = row->what >> CAUSE_BITS == CAUSE_READY;
	int64_t since = ready ? now - took : s->ready;

	if (since && now > since)
		__sync_fetch_and_add(&row->more, now - since < took ? now - since : took);
	count(&tables.times[ready][INDEX(histogram_bucket(took), HISTOGRAM_BUCKETS - 1)]);
}

/* Under the scheduler's locks, interrupts off. */
SEC("tp_btf/sched_switch")
int switched(uint64_t *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	uint32_t stack;

	if (!switch_over(ctx))
		return 0;
	seen(&tables.totals);
	stack = stack_here();
	stint_begin(
		row_number(who_here(&tables.totals), stack, cause_of(task, ctx[0] & 1, ctx[3])));
	return 0;
}

SEC("tp_btf/sched_wakeup")
int woken(uint64_t *ctx)
{
	struct stint *s = stint_find((struct task_struct *)ctx[0]);

	if (s && !s->ready)
		s->ready = bpf_ktime_get_ns();
	return 0;
}

/* The collector has all threads looked at once, when the probes are there. */
SEC("iter/task")
int look_at(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (task && had_slept(task))
		wait_found(task, row_number(who_of(&tables.totals, task), 0,
					    cause_of(task, false,
						     ((struct task_struct___wait *)task)->__state) |
						    CAUSE_BEFORE << CAUSE_BITS));
	return 0;
}
