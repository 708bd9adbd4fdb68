// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which system calls do Python functions make, how long do they take, which fail? Page 233. As
 * tapsets/teletap_syscall.stp.
 */
#include "stints.h"

#define MAX_ERRNO 4095
/* arch/x86/entry/syscalls/syscall_64.tbl */
enum { RT_SIGRETURN = 15, CLONE = 56, FORK = 57, VFORK = 58, CLONE3 = 435 };

static __always_inline bool is_wanted(uint32_t call)
{
	return !config.some_calls ||
	       (call < CONFIG_CALLS &&
		config.calls[INDEX(call / 64, CONFIG_CALLS / 64 - 1)] & 1ULL << (call % 64));
}

SEC("tp_btf/sys_enter")
int call_begun(uint64_t *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	uint32_t call;

	if (!ours(task))
		return 0;
	call = call_of(task, (int64_t)ctx[1]);
	if (!is_wanted(call))
		return 0;
	seen(&tables.totals);
	stint_begin(row_number(who_here(&tables.totals), function_here(), call));
	return 0;
}

/* A child that has just been made comes out of a call that its parent has begun. */
static __always_inline bool is_of_parent(int32_t number, int64_t result)
{
	return !result &&
	       (number == FORK || number == VFORK || number == CLONE || number == CLONE3);
}

SEC("tp_btf/sys_exit")
int call_over(uint64_t *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs = (struct pt_regs *)ctx[0];
	int32_t number = (int32_t)regs->orig_ax;
	int64_t result = ctx[1], took;
	struct stint *s = stint_find(task);
	struct stint_row *row = s ? stint_end(s, bpf_ktime_get_ns(), &took) : NULL;

	if (!row) {
		if (number >= 0 && ours(task) && is_wanted(call_of(task, number)) &&
		    !is_of_parent(number, result))
			count(&tables.unpaired);
		return 0;
	}
	/* rt_sigreturn has no result: it brings back what a register held. */
	if (result >= 0 || result < -MAX_ERRNO || row->what == RT_SIGRETURN)
		return 0;
	count(&row->more);
	number = row_number(row->who, row->where,
			    CALL_ERROR | (uint32_t)-result << CALL_BITS | row->what);
	if (number)
		count(&row_at(number)->begun);
	return 0;
}

/* The thread is ending, inside its last call, which is over then. */
SEC("tp_btf/sched_process_exit")
int thread_ends(void *ctx __attribute__((unused)))
{
	stint_drop();
	return 0;
}
