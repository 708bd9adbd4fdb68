/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What threads are at, one thing at a time, and how long: a system call, a wait. Sums are
 * in the rows of teletap_rows.h: begun, ended, nanoseconds, the longest one.
 */
#ifndef TELETAP_STINT_H
#define TELETAP_STINT_H

#include <linux/hash.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>

#include "teletap_rows.h"
#include "teletap_session.h"
#include "teletap_who.h"

enum { TELETAP_STINT_BEGUN, TELETAP_STINT_ENDED, TELETAP_STINT_NS };

/*
 * A thread has a slot by the address of its task_struct, in a set of eight whose keys
 * are one cache line: most threads of a host have none, and that must be quick to see.
 * Only who runs as the thread, or switches to it, writes its slot; a snapshot adds the
 * time so far: it moves since on with cmpxchg.
 */
#define TELETAP_STINT_BITS 10
#define TELETAP_STINT_WAYS 8

struct teletap_stint {
	s64 began, since; /* since: what is not in the sums yet; 0: at nothing */
	struct teletap_row *row;
	pid_t pid;
};

static struct {
	u64 key[TELETAP_STINT_WAYS];
} teletap_stint_sets[1 << TELETAP_STINT_BITS] __aligned(64);
static struct teletap_stint teletap_stints[1 << TELETAP_STINT_BITS][TELETAP_STINT_WAYS];

/*
 * Until when the time of a thread counts in a snapshot; NULL: until now. For a script that
 * does not see when a thread's wait ends.
 */
static s64 (*teletap_stint_until)(const struct task_struct *task);

/* Safe under the scheduler's locks, as ktime_get_ns is not quite. */
static s64 teletap_stint_now(void)
{
	return ktime_get_mono_fast_ns();
}

/* A thread's slot; make: one that is free, if it has none. NULL: none. */
static struct teletap_stint *teletap_stint(const struct task_struct *task, bool make)
{
	u64 key = (u64)(unsigned long)task;
	u32 set = hash_64(key, TELETAP_STINT_BITS);
	int i;

	for (i = 0; i < TELETAP_STINT_WAYS; i++) {
		if (READ_ONCE(teletap_stint_sets[set].key[i]) == key)
			return &teletap_stints[set][i];
	}
	for (i = 0; make && i < TELETAP_STINT_WAYS; i++) {
		u64 *at = &teletap_stint_sets[set].key[i];

		if (!READ_ONCE(*at) && !cmpxchg64(at, 0, key)) {
			teletap_stints[set][i].pid = task->pid;
			return &teletap_stints[set][i];
		}
	}
	if (make)
		atomic64_inc(&teletap_full);
	return NULL;
}

/* Ends what the thread is at: its row, NULL when it was at nothing; *took: how long. */
static struct teletap_row *teletap_stint_end(const struct task_struct *task, s64 *took)
{
	struct teletap_stint *s = teletap_stint(task, false);
	s64 now, since;

	since = s ? xchg(&s->since, 0) : 0;
	if (!since)
		return NULL;
	now = teletap_stint_until ? teletap_stint_until(task) : teletap_stint_now();
	*took = max_t(s64, now - s->began, 1);
	teletap_row_add(s->row, TELETAP_STINT_ENDED, 1);
	teletap_row_add(s->row, TELETAP_STINT_NS, max_t(s64, now - since, 0));
	teletap_row_longest(s->row, *took);
	return s->row;
}

/* The current thread begins what the row is of; that ends what it was at. NULL: nothing. */
static void teletap_stint_next(struct teletap_row *row)
{
	struct teletap_stint *s;
	s64 took;

	teletap_stint_end(current, &took);
	s = row ? teletap_stint(current, true) : NULL;
	if (!s)
		return;
	teletap_row_add(row, TELETAP_STINT_BEGUN, 1);
	s->row = row;
	s->pid = current->pid;
	s->began = teletap_stint_now();
	smp_store_release(&s->since, s->began);
}

static void teletap_stint_begin(u32 where, u32 what)
{
	teletap_stint_next(teletap_row(teletap_who_id(), where, what));
}

/*
 * A thread that has been at something since began, and does not run as long as the caller
 * sees to it: unless it is known already. Its time counts from now on.
 */
static void teletap_stint_found(const struct task_struct *task, struct teletap_row *row, s64 began)
{
	struct teletap_stint *s;

	if (!row || teletap_stint(task, false))
		return;
	s = teletap_stint(task, true);
	if (!s)
		return;
	teletap_row_add(row, TELETAP_STINT_BEGUN, 1);
	s->row = row;
	s->pid = task->pid;
	s->began = began;
	smp_store_release(&s->since, teletap_stint_now());
}

/* The thread is ending: its slot is free again. */
static void teletap_stint_drop(const struct task_struct *task)
{
	u64 key = (u64)(unsigned long)task;
	u32 set = hash_64(key, TELETAP_STINT_BITS);
	s64 took;
	int i;

	teletap_stint_end(task, &took);
	for (i = 0; i < TELETAP_STINT_WAYS; i++) {
		if (READ_ONCE(teletap_stint_sets[set].key[i]) == key)
			smp_store_release(&teletap_stint_sets[set].key[i], 0);
	}
}

/* Adds the time so far; frees the slots of threads whose end was missed. */
static void teletap_stint_so_far(struct teletap_stint *s, u64 *key)
{
	s64 since = smp_load_acquire(&s->since), now;
	u64 task = READ_ONCE(*key);
	struct teletap_row *row = s->row;
	s64 began = s->began;

	if (!task)
		return;
	if (pid_task(find_pid_ns(s->pid, &init_pid_ns), PIDTYPE_PID) !=
	    (struct task_struct *)(unsigned long)task) {
		if (cmpxchg64(key, task, 0) == task && xchg(&s->since, 0))
			teletap_row_add(row, TELETAP_STINT_ENDED, 1);
		return;
	}
	now = teletap_stint_until
		      ? teletap_stint_until((const struct task_struct *)(unsigned long)task)
		      : teletap_stint_now();
	if (!since || now <= since || cmpxchg64(&s->since, since, now) != since)
		return;
	teletap_row_add(row, TELETAP_STINT_NS, now - since);
	teletap_row_longest(row, now - began);
}

#endif
