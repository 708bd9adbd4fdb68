// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which processes start on this host, with which arguments, and how do they end? Page 250.
 */
#include "exec.h"
#define RING_SIZE EXEC_RING
#include "ring.h"
#include "session.h"

#define SHORT offsetof(struct exec_event, size)

struct exec_tables tables;

/* Processes that have ended: of threads that end at once, several may see that none is left. */
struct life {
	uint64_t start_ns;
	uint32_t pid, unused;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct life);
	__type(value, uint32_t);
} ended SEC(".maps");

static __always_inline void tell_who(struct exec_event *e, uint32_t kind, struct task_struct *task)
{
	struct task_struct *leader = task->group_leader, *parent = task->real_parent;

	e->kind = kind;
	e->pid = task->tgid;
	e->parent = parent->tgid;
	e->status = 0;
	e->start_ns = leader->start_time;
	e->now_ns = bpf_ktime_get_ns();
	bpf_probe_read_kernel(e->name, EXEC_NAME, leader->comm);
	bpf_probe_read_kernel(e->parent_name, EXEC_NAME, parent->group_leader->comm);
}

SEC("tp_btf/sched_process_fork")
int process_fork(uint64_t *ctx)
{
	struct task_struct *child = (struct task_struct *)ctx[1];
	struct exec_event *e;

	if (child->pid != child->tgid || !watched()) /* a thread is no process */
		return 0;
	count(&tables.forks);
	e = bpf_ringbuf_reserve(&events, SHORT, 0);
	if (!e) {
		count(&tables.totals.full);
		return 0;
	}
	tell_who(e, EXEC_FORK, child);
	bpf_ringbuf_submit(e, ring_flags());
	return 0;
}

/* The new program's arguments lie in its memory already. */
SEC("tp_btf/sched_process_exec")
int process_exec(void *ctx __attribute__((unused)))
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct mm_struct *mm = task->mm;
	struct exec_event *e;
	uint64_t size;

	if (!mm || !watched())
		return 0;
	count(&tables.programs);
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		count(&tables.totals.full);
		return 0;
	}
	tell_who(e, EXEC_PROGRAM, task);
	e->size = mm->arg_end - mm->arg_start;
	size = e->size < EXEC_ARGUMENTS ? e->size : EXEC_ARGUMENTS;
	size = INDEX(size, EXEC_ARGUMENTS);
	if (bpf_probe_read_user(e->arguments, size, (const void *)mm->arg_start))
		e->size = 0;
	bpf_ringbuf_submit(e, ring_flags());
	return 0;
}

SEC("tp_btf/sched_process_exit")
int process_exit(void *ctx __attribute__((unused)))
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct signal_struct *signal = task->signal;
	struct life life = { .start_ns = task->group_leader->start_time, .pid = task->tgid };
	uint32_t one = 1;
	struct exec_event *e;
	int status;

	if (signal->live.counter || !watched() ||
	    bpf_map_update_elem(&ended, &life, &one, BPF_NOEXIST))
		return 0;
	status = signal->flags & SIGNAL_GROUP_EXIT ? signal->group_exit_code : task->exit_code;
	count(&tables.ends);
	if (status)
		count(&tables.failures);
	e = bpf_ringbuf_reserve(&events, SHORT, 0);
	if (!e) {
		count(&tables.totals.full);
		return 0;
	}
	tell_who(e, EXEC_END, task);
	e->status = status;
	bpf_ringbuf_submit(e, ring_flags());
	return 0;
}
