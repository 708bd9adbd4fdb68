/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * open_calls: the functions that each thread has entered and not left, by the extension's markers,
 * which tell how deep a call is. A thread's own are changed by itself alone.
 */
#ifndef TELETAP_BPF_OPEN_CALLS_H
#define TELETAP_BPF_OPEN_CALLS_H

#include "calls.h"
#define NAME_ROOM CALL_NAMES
#include "names.h"
#include "operands.h"

#define CALLS_OPEN 65536
#define CALLS_UNSEEN 1024 /* entries in a row that were not seen; more are not followed */

/* A thread, which an earlier one or another program has had the number of. */
struct call_thread {
	uint64_t birth, program;
	uint32_t depth, unused; /* of the innermost open call */
	struct name name;
};

#define SCRATCH struct call_thread
#include "scratch.h"

struct open_key {
	uint32_t tid, depth; /* from 1 */
};

struct open_call {
	uint64_t birth, start_ns; /* birth: the thread's */
	uint64_t name;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CALLS_OPEN);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct open_key);
	__type(value, struct open_call);
} open_calls SEC(".maps");

static __always_inline struct call_thread *call_thread_here(uint32_t tid)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct call_thread *t = scratch_of(&tables.totals, tid);

	if (t && (t->birth != task->start_time || t->program != task->self_exec_id)) {
		t->birth = task->start_time;
		t->program = task->self_exec_id;
		t->depth = 0;
	}
	return t;
}

/* A thread goes on elsewhere, without having left this call: it changes stacks. */
static __always_inline void call_left(const struct call_thread *t, uint32_t tid)
{
	struct open_key key = { .tid = tid, .depth = t->depth };

	if (bpf_map_lookup_elem(&open_calls, &key))
		*(volatile uint64_t *)&tables.switches = 1;
}

/* For bpf_loop: forgets an open call, and goes one deeper. */
static long call_forget(uint32_t i, void *ctx)
{
	struct open_key *key = ctx;

	(void)i;
	bpf_map_delete_elem(&open_calls, key);
	key->depth++;
	return 0;
}

/* Opens the call of that depth. */
static __always_inline void call_open(struct call_thread *t, uint32_t tid, uint32_t depth,
				      uint32_t name, uint64_t now)
{
	struct open_call call = { .birth = t->birth, .start_ns = now, .name = name };
	struct open_key key = { .tid = tid, .depth = t->depth + 1 };
	uint32_t unseen = depth > t->depth ? depth - t->depth - 1 : 0;

	if (t->depth >= depth)
		call_left(t, tid);
	else if (unseen <= CALLS_UNSEEN)
		bpf_loop(unseen, call_forget, &key, 0);
	else if (t->depth)
		*(volatile uint64_t *)&tables.switches = 1;
	key.depth = depth;
	t->depth = depth;
	if (bpf_map_update_elem(&open_calls, &key, &call, BPF_ANY)) {
		bpf_map_delete_elem(&open_calls, &key);
		count(&tables.totals.full);
	}
}

/* Closes the call of that depth; false: it was not seen to be opened. */
static __always_inline bool call_close(struct call_thread *t, uint32_t tid, uint32_t depth,
				       struct open_call *out)
{
	struct open_key key = { .tid = tid, .depth = depth };
	struct open_call *call;

	if (depth > t->depth)
		return false;
	if (depth < t->depth)
		call_left(t, tid);
	t->depth = depth - 1;
	call = bpf_map_lookup_elem(&open_calls, &key);
	if (!call || call->birth != t->birth)
		return false;
	*out = *call;
	bpf_map_delete_elem(&open_calls, &key);
	return true;
}

/*
 * The depth that the marker tells, "least" or more; 0: it cannot be read or makes no sense, which
 * is counted, or is not known, since the thread has changed stacks.
 */
static __always_inline uint32_t extension_depth(void *ctx, const struct site *site, int64_t least)
{
	int64_t depth;

	if (!operand_read(ctx, &site->operands[3], &depth) || depth < least || depth > INT32_MAX) {
		count(&tables.totals.unread);
		return 0;
	}
	if (!depth)
		*(volatile uint64_t *)&tables.switches = 1;
	return depth;
}

/* The number of the function that the marker tells of; 0: none, which is counted. */
static __always_inline uint32_t extension_name(void *ctx, const struct site *site,
					       struct call_thread *t)
{
	int64_t file, function, line;

	if (!operand_read(ctx, &site->operands[0], &file) ||
	    !operand_read(ctx, &site->operands[1], &function) ||
	    !operand_read(ctx, &site->operands[2], &line)) {
		count(&tables.totals.unread);
		return 0;
	}
	return name_function(&tables.totals, &tables.n_names, tables.names, &t->name, file,
			     function, line);
}

/* A function is entered: its number, and how deep; 0: it is not watched, or not known. */
static __always_inline uint32_t call_enter(void *ctx, uint64_t now, uint32_t *depth)
{
	const struct site *site = site_of(ctx);
	uint32_t tid = bpf_get_current_pid_tgid(), name;
	struct call_thread *t;

	if (!site || !watched())
		return 0;
	seen(&tables.totals);
	*depth = extension_depth(ctx, site, 1);
	t = *depth ? call_thread_here(tid) : NULL;
	name = t ? extension_name(ctx, site, t) : 0;
	if (name)
		call_open(t, tid, *depth, name, now);
	return name;
}

/* A function is left: its number, what it took, and how deep it was; 0: that is not known. */
static __always_inline uint32_t call_leave(void *ctx, uint64_t now, struct call_over *over)
{
	const struct site *site = site_of(ctx);
	uint32_t tid = bpf_get_current_pid_tgid();
	struct open_call call;
	struct call_thread *t;

	*over = (struct call_over){ .timed = true };
	if (!site || !watched())
		return 0;
	over->depth = extension_depth(ctx, site, 0);
	t = over->depth ? call_thread_here(tid) : NULL;
	if (!t || !call_close(t, tid, over->depth, &call))
		return 0;
	over->took_ns = now > call.start_ns ? now - call.start_ns : 0;
	return call.name;
}

#endif
