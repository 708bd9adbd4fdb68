/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scratch: memory of a thread's own, for what is too large for a program's stack, or what one
 * event keeps for the next: a SCRATCH, which is all zero at first.
 */
#ifndef TELETAP_BPF_SCRATCH_H
#define TELETAP_BPF_SCRATCH_H

#include "session.h"

#ifndef SCRATCH
#error "SCRATCH: its type"
#endif

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, uint32_t);
	__type(value, SCRATCH);
} by_thread SEC(".maps");

/* A new one is a copy of this, to which nobody writes. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, SCRATCH);
} blank SEC(".maps");

/* Its place is another one's from then on. */
SEC("tp_btf/sched_process_exit")
int scratch_ends(uint64_t *ctx)
{
	const struct task_struct *task = (const struct task_struct *)ctx[0];
	uint32_t tid = task->pid;

	bpf_map_delete_elem(&by_thread, &tid);
	return 0;
}

/* The thread's, made where it has none; NULL: there is no room, which is counted. */
static __always_inline SCRATCH *scratch_of(struct totals *t, uint32_t tid)
{
	SCRATCH *s = bpf_map_lookup_elem(&by_thread, &tid);
	uint32_t zero = 0;

	if (s)
		return s;
	s = bpf_map_lookup_elem(&blank, &zero);
	if (!s || bpf_map_update_elem(&by_thread, &tid, s, BPF_ANY)) {
		count(&t->full);
		return NULL;
	}
	return bpf_map_lookup_elem(&by_thread, &tid);
}

#endif
