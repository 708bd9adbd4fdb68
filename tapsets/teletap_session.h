/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * session: whom a script watches, and what it could not count.
 */
#ifndef TELETAP_SESSION_H
#define TELETAP_SESSION_H

#include <linux/sched.h>

/* Is the task's process this one, or a descendant of it? */
static bool teletap_task_descends(struct task_struct *task, pid_t ancestor)
{
	bool found = false;
	int generation;

	if (task->tgid == ancestor)
		return true;
	rcu_read_lock();
	for (generation = 0; task && task->pid > 1 && generation < 64 && !found; generation++) {
		found = task->tgid == ancestor;
		task = rcu_dereference(task->real_parent);
	}
	rcu_read_unlock();
	return found;
}

/* The current process, as above. */
static bool teletap_descends(pid_t ancestor)
{
	return teletap_task_descends(current, ancestor);
}

static atomic64_t teletap_full;   /* events without a place in a table */
static atomic64_t teletap_unread; /* events whose user memory could not be read */

#endif
