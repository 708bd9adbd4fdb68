/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For probes that fire for the whole host: whose event is it?
 */
#ifndef TELETAP_OURS_H
#define TELETAP_OURS_H

#include <linux/sched.h>

#include "teletap_cpython.h"
#include "teletap_place.h"
#include "teletap_session.h"

/*
 * Is the current thread one of those watched? ancestor as in teletap_pid; when that is 0,
 * those are the processes in which the target's file is the interpreter. Threads of the
 * kernel are none, nor are those that it starts in a process's name (io_uring): they run
 * nothing of the program, and have no registers of it.
 */
static bool teletap_ours(pid_t ancestor, bool may_look)
{
	const struct mm_struct *mm = current->mm;
	u64 bias;

	if (!mm || current->flags & (PF_KTHREAD | PF_IO_WORKER))
		return false;
	if (ancestor)
		return teletap_descends(ancestor);
	return teletap_place_program(mm) || !teletap_python_here(may_look, &bias);
}

/* Where may_look allows it: the other probes know from then on where the interpreter lies. */
static void teletap_learn(pid_t ancestor, bool may_look)
{
	u64 bias;

	if (teletap_ours(ancestor, may_look))
		teletap_python_here(may_look, &bias);
}

#endif
