/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frame_calls: a function is entered or left, by CPython's own markers. What a call is: as for
 * sys.setprofile, each time a function begins to run, and each time a generator or coroutine goes
 * on; making one is none. As tapsets/teletap_calls.h.
 */
#ifndef TELETAP_BPF_FRAME_CALLS_H
#define TELETAP_BPF_FRAME_CALLS_H

#include "open_frames.h"
#include "operands.h"

/* The current thread, whose function is watched; NULL: the function is not, or is not known. */
static __always_inline struct call_thread *frame_here(void *ctx, const struct site *site)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct call_thread *t = site && watched_here(task) ? call_thread_here(task) : NULL;

	if (!t)
		return NULL;
	if (frame_now(task, operand_register(ctx, AT_IP) - site->address, &t->frame))
		return t;
	count(&tables.totals.unread);
	return NULL;
}

/* The number of the function that the marker tells of; 0: none, which is counted. */
static __always_inline uint32_t marker_name(void *ctx, const struct site *site,
					    struct call_thread *t)
{
	int64_t file, function;

	if (!operand_read(ctx, &site->operands[0], &file) ||
	    !operand_read(ctx, &site->operands[1], &function)) {
		count(&tables.totals.unread);
		return 0;
	}
	return name_function(&tables.totals, &tables.n_names, tables.names, &t->name, file,
			     function, t->frame.line);
}

/* A function is entered: its number, and how deep; 0: that is not a call, or not known. */
static __always_inline uint32_t call_enter(void *ctx, uint64_t now, uint32_t *depth)
{
	struct open_call call = { .start_ns = now, .kind = CALL_SEEN }, *caller;
	uint32_t tid = bpf_get_current_pid_tgid();
	const struct site *site = site_of(ctx);
	struct call_thread *t = frame_here(ctx, site);

	if (!t || t->frame.makes)
		return 0;
	seen(&tables.totals);
	call.name = marker_name(ctx, site, t);
	call.birth = t->birth;
	calls_settle(t, tid,
		     t->frame.back == t->top ? t->top : frame_function(&t->chain, t->frame.back),
		     now);
	caller = call_at(t->birth, tid, t->top);
	call.depth = *depth = caller ? caller->depth + 1 + t->over : 1;
	if (t->over) {
		t->over++;
		count(&tables.totals.full);
		return call.name;
	}
	call.outer = call.name && name_opens(t->birth, tid, call.name);
	if (call_put(tid, t->frame.at, &call)) {
		t->open++;
		t->top = t->frame.at;
	} else {
		t->over++;
		name_closes(t->birth, tid, call.name);
	}
	return call.name;
}

/* Closes the call of the present frame, which there is. False: it does not count. */
static __always_inline bool call_close(struct call_thread *t, uint32_t tid, uint64_t now,
				       const struct open_call *call, struct call_over *over)
{
	struct open_key key = { .tid = tid, .frame = t->frame.at };
	struct open_call *caller;

	if (t->top != key.frame && !t->over)
		calls_left(t, tid);
	t->over = 0;
	over->depth = call->depth;
	over->timed = call->kind == CALL_SEEN;
	over->outer = call->outer;
	over->name = call->name;
	over->child_ns = call->child_ns;
	over->took_ns = now > call->start_ns ? now - call->start_ns : 0;
	if (call->kind != CALL_BASE)
		t->open -= t->open > 0;
	over->counts = call->kind != CALL_BASE;
	bpf_map_delete_elem(&open_calls, &key);
	if (over->timed)
		name_closes(t->birth, tid, over->name);
	t->top = frame_function(&t->chain, t->frame.back);
	caller = call_at(t->birth, tid, t->top);
	if (caller && over->counts)
		caller->child_ns += over->timed ? over->took_ns : over->child_ns;
	return over->counts;
}

/* A function is left: its number, and what is known; 0: that is not a call, or not known. */
static __always_inline uint32_t call_leave(void *ctx, uint64_t now, struct call_over *over)
{
	uint32_t tid = bpf_get_current_pid_tgid();
	const struct site *site = site_of(ctx);
	struct call_thread *t = frame_here(ctx, site);
	const struct open_call *call, *caller;

	*over = (struct call_over){ 0 };
	if (!t || t->frame.makes)
		return 0;
	seen(&tables.totals);
	call = call_at(t->birth, tid, t->frame.at);
	if (call) {
		if (!call_close(t, tid, now, call, over))
			return 0;
	} else if (t->over) {
		t->over--;
		return 0;
	} else {
		if (!calls_settle(t, tid, frame_function(&t->chain, t->frame.back), now) ||
		    !t->frame.resumed)
			return 0;
		caller = call_at(t->birth, tid, t->top);
		over->depth = caller ? caller->depth + 1 : 1;
	}
	return over->timed ? over->name : marker_name(ctx, site, t);
}

#endif
