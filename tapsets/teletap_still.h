/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads that do not run. They pass no probe, so a page of events has nothing of them: a
 * process that hangs would look well. So each snapshot counts them.
 */
#ifndef TELETAP_STILL_H
#define TELETAP_STILL_H

#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>
#include <linux/sched/signal.h>
#include <linux/version.h>

#include "teletap_place.h"
#include "teletap_session.h"

#define TELETAP_STILL_LOOK 65536 /* threads that are looked at; others are counted only */
#define TELETAP_STILL_SPACES 256
#define TELETAP_STILL_TRIES 1000

static struct {
	s64 attached; /* by the scheduler's clock; 0: the first snapshot is still to come */
	s64 threads, still, unseen, longest;
	int spaces; /* address spaces in which the target's file was found at the beginning */
	struct {
		const struct mm_struct *mm;
		u64 stack, code;
	} space[TELETAP_STILL_SPACES];
} teletap_still;

/*
 * When a thread that is on no processor left it: not later than that, and earlier by the
 * time that interrupts took at most. last_arrival is when it came, and what it has run
 * since then is known; exec_start is when its time was counted last, which is done when a
 * thread leaves. Both can be behind (a change of the thread's priority, a clock that stands
 * still in interrupts), hence the later one.
 */
static s64 teletap_still_left(const struct task_struct *task)
{
	s64 ran = READ_ONCE(task->se.sum_exec_runtime) - task->se.prev_sum_exec_runtime;

	return max_t(s64, task->sched_info.last_arrival + max_t(s64, ran, 0),
		     READ_ONCE(task->se.exec_start));
}

/*
 * Does a thread sleep? With its pi_lock held it goes on sleeping, since who wakes it up
 * takes that. One that is about to sleep, and was sent away before, is still queued.
 */
static bool teletap_still_sleeps(const struct task_struct *task)
{
	bool queued = READ_ONCE(task->on_rq);

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	queued = queued && !task->se.sched_delayed;
#endif
	return !queued && !READ_ONCE(task->on_cpu) && READ_ONCE(task->__state) != TASK_RUNNING;
}

/* Is the target's file in this address space? look: not known yet, so look there. */
static bool teletap_still_space(struct mm_struct *mm, bool look)
{
	u64 bias;
	int i;

	if (teletap_place_program(mm))
		return true;
	for (i = 0; i < teletap_still.spaces; i++) {
		if (teletap_still.space[i].mm == mm &&
		    teletap_still.space[i].stack == mm->start_stack &&
		    teletap_still.space[i].code == mm->start_code)
			return true;
	}
	if (!look || i == TELETAP_STILL_SPACES || teletap_place_find(mm, true, &bias))
		return false;
	teletap_still.space[i].mm = mm;
	teletap_still.space[i].stack = mm->start_stack;
	teletap_still.space[i].code = mm->start_code;
	teletap_still.spaces++;
	return true;
}

/* Is it a process watched? ancestor: as teletap_pid. Its mm stays while alloc_lock is held. */
static bool teletap_still_ours(struct task_struct *process, pid_t ancestor, bool look)
{
	struct task_struct *t;
	bool ours = false;
	int tries = 0;

	if (ancestor)
		return teletap_task_descends(process, ancestor);
	for_each_thread(process, t)
	{
		struct mm_struct *mm;

		if (!READ_ONCE(t->mm))
			continue;
		while (!spin_trylock(&t->alloc_lock)) {
			if (++tries > TELETAP_STILL_TRIES)
				return false;
			cpu_relax();
		}
		mm = t->mm;
		ours = mm && teletap_still_space(mm, look);
		spin_unlock(&t->alloc_lock);
		if (mm)
			break;
	}
	return ours;
}

/* seed: is told of the threads that sleep when the first snapshot is made; or NULL. */
static void teletap_still_walk(pid_t ancestor, bool library, void (*seed)(struct task_struct *task))
{
	bool first = !teletap_still.attached;
	struct task_struct *p, *t;
	s64 now = local_clock(), left;

	if (first)
		teletap_still.attached = now;
	teletap_still.threads = teletap_still.still = 0;
	teletap_still.unseen = teletap_still.longest = 0;
	rcu_read_lock();
	for_each_process(p)
	{
		if (p->flags & PF_KTHREAD || !teletap_still_ours(p, ancestor, library && first))
			continue;
		if (teletap_still.threads > TELETAP_STILL_LOOK) {
			teletap_still.unseen += get_nr_threads(p);
			continue;
		}
		for_each_thread(p, t)
		{
			if (t->exit_state || t->flags & (PF_EXITING | PF_IO_WORKER))
				continue;
			teletap_still.threads++;
			left = teletap_still_left(t);
			if (READ_ONCE(t->on_cpu) || !t->sched_info.last_arrival ||
			    left >= teletap_still.attached)
				continue;
			teletap_still.still++;
			teletap_still.longest = max_t(s64, teletap_still.longest, now - left);
			if (first && seed)
				seed(t);
		}
	}
	rcu_read_unlock();
	teletap_still.threads += teletap_still.unseen;
}

#endif
