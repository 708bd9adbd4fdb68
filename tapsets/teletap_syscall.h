/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System calls as numbers.
 */
#ifndef TELETAP_SYSCALL_H
#define TELETAP_SYSCALL_H

#include <linux/thread_info.h>

/*
 * A call is its number in the kernel's table for x86-64; OLD is added for one of the
 * table for i386, which a child of the target may use. ODD is one that is in neither.
 * wrapper/model/syscalls.h has the same.
 */
#define TELETAP_CALL_OLD 1024
#define TELETAP_CALL_ODD 1023

/* Of the call that a thread is in. */
static u32 teletap_call_of(const struct task_struct *task, long nr)
{
	u32 call = nr >= 0 && nr < TELETAP_CALL_ODD ? nr : TELETAP_CALL_ODD;
	bool old = IS_ENABLED(CONFIG_IA32_EMULATION) && task_thread_info(task)->status & TS_COMPAT;

	return old ? TELETAP_CALL_OLD + call : call;
}

static u32 teletap_call_number(long nr)
{
	return teletap_call_of(current, nr);
}

#endif
