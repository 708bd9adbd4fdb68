// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where do threads wait, what for, and how long? Page 235. As tapsets/teletap_offcpu.stp.
 */
#include "histogram.h"
#include "stints.h"

#include <bpf/bpf_core_read.h>

/* include/linux/sched.h; FROZEN from Linux 6.1 on, where no other state has that bit before. */
#define STOPPED 0x04
#define TRACED 0x08
#define DEAD 0x80
#define FROZEN 0x8000
#define TRAP_FREEZE (1 << 23) /* include/linux/sched/jobctl.h */

struct sched_entity {
	uint64_t exec_start, sum_exec_runtime, prev_sum_exec_runtime;
	unsigned char sched_delayed; /* from Linux 6.12 on */
} __attribute__((preserve_access_index));

struct sched_info {
	uint64_t last_arrival;
} __attribute__((preserve_access_index));

struct task_struct___wait {
	unsigned int __state;
	int on_rq, on_cpu, exit_state;
	unsigned long jobctl;
	unsigned int in_iowait : 1, frozen : 1;
	struct sched_entity se;
	struct sched_info sched_info;
} __attribute__((preserve_access_index));

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

/* A thread has come onto a processor, at that time. */
static __always_inline void come_back(const struct task_struct *task, int64_t now)
{
	struct stint *s = stint_find(task);
	struct stint_row *row;
	int64_t took, since;

	if (!s)
		return;
	row = stint_end(s, now, &took);
	if (row)
		wait_over(s, row, now, took);
	since = __sync_lock_test_and_set(&s->old_since, 0);
	if (since) {
		row = row_at(s->old_row);
		wait_over(s, row, now, stint_add(row, s->old_began, since, now));
	}
	s->ready = 0;
}

/* How long a thread that leaves its processor has run there. */
static __always_inline int64_t ran(const struct task_struct___wait *t)
{
	return t->se.sum_exec_runtime - t->se.prev_sum_exec_runtime;
}

/*
 * Under the scheduler's locks, interrupts off. From Linux 5.18 on it has the state. Not all
 * switches have been seen to come by: the one to the current thread may not have.
 */
SEC("tp_btf/sched_switch")
int switched(uint64_t *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_struct *next = (struct task_struct *)ctx[2];
	int64_t now = bpf_ktime_get_ns();
	uint32_t state = ctx[3], stack;

	if (!(next->flags & PF_KTHREAD))
		come_back(next, now);
	if (!task->mm && !(state & DEAD))
		return 0;
	come_back(task, now - ran((struct task_struct___wait *)task));
	if (state & DEAD)
		stint_drop();
	if (state & DEAD || !ours(task))
		return 0;
	seen(&tables.totals);
	stack = stack_here();
	stint_begin(row_number(who_here(&tables.totals), stack, cause_of(task, ctx[0] & 1, state)));
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

/*
 * When a thread that is on no processor left it, by the scheduler's clock: not later than
 * that. See teletap_still_left in tapsets/teletap_still.stp.
 */
static __always_inline int64_t left_at(const struct task_struct___wait *t)
{
	int64_t since = ran(t), left = t->sched_info.last_arrival + (since > 0 ? since : 0);
	int64_t counted = t->se.exec_start;

	return left > counted ? left : counted;
}

static __always_inline bool sleeps(const struct task_struct___wait *t)
{
	bool queued = t->on_rq;

	if (bpf_core_field_exists(t->se.sched_delayed))
		queued = queued && !t->se.sched_delayed;
	return !queued && !t->on_cpu && t->__state;
}

/* Takes back what was found, unless it has ended. */
static __always_inline void forget_old(struct stint *s)
{
	if (__sync_lock_test_and_set(&s->old_since, 0))
		__sync_fetch_and_add(&row_at(s->old_row)->begun, -1);
}

/*
 * The collector has all threads looked at once, when the probes are there: what sleeps then has
 * slept before. It has no lock, so it looks again when it has said so. What the scheduler's
 * clock says now is not known here, but at least what it said when it looked at this thread.
 */
SEC("iter/task")
int look_at(struct bpf_iter__task *ctx)
{
	struct task_struct___wait *here = (struct task_struct___wait *)bpf_get_current_task_btf();
	struct task_struct *task = ctx->task;
	struct task_struct___wait *t = (struct task_struct___wait *)task;
	int64_t left, ago, now;
	struct stint *s;
	uint32_t row;

	if (!task || !ours(task) || t->exit_state || !sleeps(t) || !t->sched_info.last_arrival)
		return 0;
	left = left_at(t);
	ago = left_at(here) - left;
	if (stint_find(task))
		return 0;
	row = row_number(who_of(&tables.totals, task), 0,
			 cause_of(task, false, t->__state) | CAUSE_BEFORE << CAUSE_BITS);
	s = row ? stint_take(task) : NULL;
	if (!s)
		return 0;
	now = bpf_ktime_get_ns();
	s->old_row = row;
	s->old_began = ago > 0 ? now - ago : now;
	count(&row_at(row)->begun);
	__sync_lock_test_and_set(&s->old_since, now);
	if (!sleeps(t) || left_at(t) != left)
		forget_old(s);
	else
		seen_process(&tables.totals, task->tgid);
	return 0;
}
