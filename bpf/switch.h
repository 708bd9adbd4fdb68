/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * switch: threads that leave processors, come back, and those that slept when the probes came.
 */
#ifndef TELETAP_BPF_SWITCH_H
#define TELETAP_BPF_SWITCH_H

#include "stints.h"

#define DEAD 0x80 /* include/linux/sched.h */

struct sched_entity {
	uint64_t exec_start, sum_exec_runtime, prev_sum_exec_runtime;
	unsigned char sched_delayed; /* from Linux 6.12 on */
} __attribute__((preserve_access_index));

struct sched_info {
	uint64_t last_arrival;
} __attribute__((preserve_access_index));

struct task_struct___wait {
	unsigned int __state;
	/* Unsigned, as libbpf reads no shorter field into a signed one: 7.2 has bytes. */
	unsigned int on_rq, on_cpu;
	int exit_state;
	unsigned long jobctl;
	unsigned int in_iowait : 1, frozen : 1;
	struct sched_entity se;
	struct sched_info sched_info;
} __attribute__((preserve_access_index));

/* A wait has ended: what the program has to say of it. */
static void wait_over(const struct stint *s, struct stint_row *row, int64_t now, int64_t took);

/* The thread of that place has come onto a processor, at that time. Not static: see stint_place. */
__attribute__((noinline)) uint64_t wait_ends(uint64_t place, int64_t now)
{
	struct stint *s = stint_at(place);
	struct stint_row *row;
	int64_t took, since;

	row = stint_end(s, now, &took);
	if (row)
		wait_over(s, row, now, took);
	since = __sync_lock_test_and_set(&s->old_since, 0);
	if (since) {
		took = stint_add(s->old_row, s->old_began, since, now);
		wait_over(s, row_at(s->old_row), now, took);
	}
	s->ready = 0;
	return 0;
}

static __always_inline void come_back(const struct task_struct *task, int64_t now)
{
	uint64_t place = stint_place(stint_key(task));

	if (place)
		wait_ends(place, now);
}

/* How long a thread that leaves its processor has run there. */
static __always_inline int64_t ran(const struct task_struct___wait *t)
{
	return t->se.sum_exec_runtime - t->se.prev_sum_exec_runtime;
}

/*
 * A switch from the current thread to the next: what they waited for is over. Whether the
 * current one is ours, and goes on later. From Linux 5.18 on the tracepoint has the state. Not
 * all switches have been seen to come by: the one to the current thread may not have.
 */
static __always_inline bool switch_over(uint64_t *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_struct *next = (struct task_struct *)ctx[2];
	int64_t now = bpf_ktime_get_ns();
	uint32_t state = ctx[3];

	if (!(next->flags & PF_KTHREAD))
		come_back(next, now);
	if (!task->mm && !(state & DEAD))
		return false;
	come_back(task, now - ran((struct task_struct___wait *)task));
	if (state & DEAD)
		stint_drop();
	return !(state & DEAD) && ours(task);
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

/* Has it slept, and since before it was seen? */
static __always_inline bool had_slept(struct task_struct *task)
{
	struct task_struct___wait *t = (struct task_struct___wait *)task;

	if (config.command && task->flags & PF_FORKNOEXEC)
		return false; /* that waits for us */
	return ours(task) && !t->exit_state && sleeps(t) && t->sched_info.last_arrival &&
	       !stint_find(task);
}

/*
 * A thread that sleeps, and its row. There is no lock, so it is looked at again when that has
 * been said. What the scheduler's clock says now is not known here, but at least what it said
 * when it looked at the current thread.
 */
static __always_inline void wait_found(struct task_struct *task, uint32_t row)
{
	struct task_struct___wait *here = (struct task_struct___wait *)bpf_get_current_task_btf();
	struct task_struct___wait *t = (struct task_struct___wait *)task;
	int64_t left = left_at(t), ago = left_at(here) - left, now;
	struct stint *s = row ? stint_take(task) : NULL;

	if (!s)
		return;
	now = bpf_ktime_get_ns();
	s->old_row = row;
	s->old_began = ago > 0 ? now - ago : now;
	count(&row_at(row)->begun);
	__sync_lock_test_and_set(&s->old_since, now);
	if (!sleeps(t) || left_at(t) != left)
		forget_old(s);
	else
		seen_process(&tables.totals, task->tgid);
}

#endif
