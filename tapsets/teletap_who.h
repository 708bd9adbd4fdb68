/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose event is it? With --by, the figures of a page are those of one process or of one
 * thread each.
 */
#ifndef TELETAP_WHO_H
#define TELETAP_WHO_H

#include <linux/hash.h>
#include <linux/sched/signal.h>

#include "teletap_session.h"

/*
 * A process is its number and the time of its birth, as numbers are used again. None
 * ever goes: what has ended leaves its figures. Entries are written under a lock and
 * then published by their slot, so that finding one takes none.
 */
#define TELETAP_WHOS 1024
#define TELETAP_WHO_SLOTS_BITS 11

static struct teletap_who {
	pid_t number, pid; /* number: of the process or of the thread */
	u64 birth;
	bool sent;
} teletap_whos[TELETAP_WHOS]; /* number N is at N - 1 */
static u16 teletap_who_slots[1 << TELETAP_WHO_SLOTS_BITS];
static u32 teletap_who_used;
static int teletap_who_by;
static DEFINE_RAW_SPINLOCK(teletap_who_lock);

/* The entry of a task from this slot on; 0: none, and *slot is free. */
static u32 teletap_who_find(const struct task_struct *task, u32 *slot)
{
	for (;; ++*slot) { /* half of the slots stay free */
		u32 id = smp_load_acquire(
			&teletap_who_slots[*slot & ((1 << TELETAP_WHO_SLOTS_BITS) - 1)]);

		if (!id || (teletap_whos[id - 1].number == task->pid &&
			    teletap_whos[id - 1].birth == task->start_time))
			return id;
	}
}

/*
 * The number of a thread or its process, from 1 on; 0 when figures are not split, and when
 * there is no place for one more, which is counted.
 */
static u32 teletap_who_of(const struct task_struct *task)
{
	unsigned long flags;
	u32 slot, id;

	if (likely(!teletap_who_by))
		return 0;
	if (teletap_who_by != 2)
		task = task->group_leader;
	slot = hash_32(task->pid, TELETAP_WHO_SLOTS_BITS);
	id = teletap_who_find(task, &slot);
	if (id)
		return id;
	raw_spin_lock_irqsave(&teletap_who_lock, flags);
	id = teletap_who_find(task, &slot);
	if (!id && teletap_who_used < TELETAP_WHOS) {
		struct teletap_who *who = &teletap_whos[teletap_who_used];

		who->number = task->pid;
		who->pid = task->tgid;
		who->birth = task->start_time;
		id = teletap_who_used + 1;
		smp_store_release(&teletap_who_used, id);
		smp_store_release(&teletap_who_slots[slot & ((1 << TELETAP_WHO_SLOTS_BITS) - 1)],
				  id);
	}
	raw_spin_unlock_irqrestore(&teletap_who_lock, flags);
	if (!id)
		atomic64_inc(&teletap_full);
	return id;
}

static u32 teletap_who_id(void)
{
	return teletap_who_of(current);
}

#endif
