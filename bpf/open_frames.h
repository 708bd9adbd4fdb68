/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * open_frames: the functions that each thread has entered and not left, by CPython's own markers.
 * A call is known by the address of its frame, and where the thread was last is held against the
 * program's own chain of frames at each event. A thread's own are changed by itself alone.
 *
 * A call that has not been seen entering is there
 *   BASE  because it was open already when the thread's first event came, or when the chain had
 *         nothing to do with where the thread was (greenlets): not counted,
 *   LATE  because there is no entry when an exception is thrown into a generator: counted when it
 *         returns, but how long it took is not known.
 */
#ifndef TELETAP_BPF_OPEN_FRAMES_H
#define TELETAP_BPF_OPEN_FRAMES_H

#include "calls.h"
#define NAME_ROOM CALL_NAMES
#include "names.h"
#include "python_frame.h"

#define CALLS_OPEN 65536
#define CALLS_MISSED 16 /* frames without an entry above one that has it */
#define CHAIN 20000

enum { CALL_SEEN, CALL_LATE, CALL_BASE };

/* A way along a thread's frames, outwards. */
struct chain {
	uint64_t at; /* 0: there is an end, or it cannot be read */
	uint64_t missed[CALLS_MISSED];
	uint64_t birth;
	uint32_t n, tid, depth;
	bool found;
};

/* A thread, which an earlier one or another program has had the number of. */
struct call_thread {
	uint64_t birth;
	uint64_t top;        /* the innermost function's frame; 0: there is none */
	uint32_t open, over; /* calls that will be counted or timed; entries without a place */
	struct frame frame;
	struct chain chain;
	struct name name;
};

#define SCRATCH struct call_thread
#include "scratch.h"

struct open_key {
	uint32_t tid, unused;
	uint64_t frame;
};

struct open_call {
	uint64_t birth, start_ns, child_ns; /* birth: the thread's; child: time of what it called */
	uint32_t name, depth, kind;
	uint32_t outer; /* no other call of this name was open in the thread */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CALLS_OPEN);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct open_key);
	__type(value, struct open_call);
} open_calls SEC(".maps");

struct name_key {
	uint32_t tid, name;
};

struct name_open {
	uint64_t birth, n;
};

/* How many calls of a name are open in a thread. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CALLS_OPEN);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct name_key);
	__type(value, struct name_open);
} open_names SEC(".maps");

static __always_inline struct call_thread *call_thread_here(const struct task_struct *task)
{
	struct call_thread *t = scratch_of(&tables.totals, task->pid);
	uint64_t birth = task->start_time + task->self_exec_id;

	if (t && t->birth != birth) {
		t->birth = birth;
		t->top = 0;
		t->open = t->over = 0;
	}
	return t;
}

static __always_inline struct open_call *call_at(uint64_t birth, uint32_t tid, uint64_t frame)
{
	struct open_key key = { .tid = tid, .frame = frame };
	struct open_call *call = frame ? bpf_map_lookup_elem(&open_calls, &key) : NULL;

	return call && call->birth == birth ? call : NULL;
}

/* False: there is no room, which is counted. */
static __always_inline bool call_put(uint32_t tid, uint64_t frame, const struct open_call *call)
{
	struct open_key key = { .tid = tid, .frame = frame };

	if (!bpf_map_update_elem(&open_calls, &key, call, BPF_ANY))
		return true;
	bpf_map_delete_elem(&open_calls, &key);
	count(&tables.totals.full);
	return false;
}

/* A call of the name begins: whether it is the only one that is open in the thread. */
static __always_inline bool name_opens(uint64_t birth, uint32_t tid, uint32_t name)
{
	struct name_key key = { .tid = tid, .name = name };
	struct name_open first = { .birth = birth, .n = 1 };
	struct name_open *open = bpf_map_lookup_elem(&open_names, &key);

	if (open && open->birth == birth) {
		open->n++;
		return false;
	}
	if (!bpf_map_update_elem(&open_names, &key, &first, BPF_ANY))
		return true;
	count(&tables.totals.full);
	return false;
}

static __always_inline void name_closes(uint64_t birth, uint32_t tid, uint32_t name)
{
	struct name_key key = { .tid = tid, .name = name };
	struct name_open *open = bpf_map_lookup_elem(&open_names, &key);

	if (open && open->birth == birth && --open->n == 0)
		bpf_map_delete_elem(&open_names, &key);
}

/* For bpf_loop: goes to the next frame that is a function's, itself included. */
static long chain_function(uint32_t i, void *ctx)
{
	struct chain *c = *(struct chain **)ctx;
	uint64_t back;
	bool is;

	(void)i;
	if (!frame_look(c->at, &back, &is)) {
		c->at = 0;
		return 1;
	}
	if (is) {
		c->found = true;
		return 1;
	}
	c->at = back;
	return 0;
}

/* The frame itself when it is a function's, or else the next one below that is; 0: none. */
static __always_inline uint64_t frame_function(struct chain *c, uint64_t frame)
{
	if (!PYTHON(f_owner) || !frame)
		return frame;
	c->at = frame;
	c->found = false;
	bpf_loop(FRAMES_SKIPPED, chain_function, &c, 0);
	return c->found ? c->at : 0;
}

/* For bpf_loop: as far as a function that is known to be open. */
static long chain_find(uint32_t i, void *ctx)
{
	struct chain *c = *(struct chain **)ctx;
	const struct open_call *call;
	uint64_t back;
	bool is;

	(void)i;
	if (!frame_look(c->at, &back, &is)) {
		c->at = 0;
		return 1;
	}
	call = is ? call_at(c->birth, c->tid, c->at) : NULL;
	if (call) {
		c->found = true;
		c->depth = call->depth;
		return 1;
	}
	if (is && c->n == CALLS_MISSED)
		return 1;
	if (is)
		c->missed[INDEX(c->n++, CALLS_MISSED - 1)] = c->at;
	c->at = back;
	return 0;
}

/* For bpf_loop: counts the functions; and then makes a call of each that is open. */
static long chain_count(uint32_t i, void *ctx)
{
	struct chain *c = *(struct chain **)ctx;
	uint64_t back;
	bool is;

	(void)i;
	if (!frame_look(c->at, &back, &is))
		return 1;
	c->n += is;
	c->at = back;
	return 0;
}

static long chain_put(uint32_t i, void *ctx)
{
	struct chain *c = *(struct chain **)ctx;
	struct open_call call = { .birth = c->birth, .depth = c->n, .kind = CALL_BASE };
	uint64_t back;
	bool is;

	(void)i;
	if (!frame_look(c->at, &back, &is))
		return 1;
	if (is && call_put(c->tid, c->at, &call))
		c->n--;
	c->at = back;
	return 0;
}

static __always_inline void chain_begin(struct call_thread *t, uint32_t tid, uint64_t frame)
{
	t->chain.at = frame;
	t->chain.found = false;
	t->chain.birth = t->birth;
	t->chain.tid = tid;
	t->chain.n = 0;
}

/* All that is open anew, out of the chain that begins with this frame. */
static __always_inline void calls_rebuild(struct call_thread *t, uint32_t tid, uint64_t frame)
{
	struct chain *c = &t->chain;

	if (t->open) /* nothing will say how long they took */
		*(volatile uint64_t *)&tables.switches = 1;
	t->open = 0;
	chain_begin(t, tid, frame);
	bpf_loop(CHAIN, chain_count, &c, 0);
	c->at = frame;
	bpf_loop(CHAIN, chain_put, &c, 0);
}

/* The thread is no longer where it was: has it left a call without an end? */
static __always_inline void calls_left(const struct call_thread *t, uint32_t tid)
{
	const struct open_call *call = call_at(t->birth, tid, t->top);

	if (call ? call->kind != CALL_BASE : t->open)
		*(volatile uint64_t *)&tables.switches = 1;
}

/*
 * Makes the function at frame, which calls the present one, the innermost that is open; 0: none
 * does. False: where the thread was had nothing to do with the chain.
 */
static __always_inline bool calls_settle(struct call_thread *t, uint32_t tid, uint64_t frame,
					 uint64_t now)
{
	struct open_call call = { .start_ns = now, .kind = CALL_LATE };
	struct chain *c = &t->chain;
	uint64_t top = t->top;

	if (frame == top || t->over)
		return true;
	if (!frame) {
		calls_left(t, tid);
		t->top = 0;
		return false;
	}
	chain_begin(t, tid, frame);
	bpf_loop(CHAIN, chain_find, &c, 0);
	if (c->found && c->at != top)
		calls_left(t, tid);
	t->top = frame;
	if (!c->found) {
		calls_rebuild(t, tid, frame);
		return false;
	}
	call.birth = t->birth;
	for (uint32_t i = 0; i < CALLS_MISSED; i++) {
		if (i >= c->n)
			break;
		call.depth = c->depth + c->n - i;
		if (call_put(tid, c->missed[i], &call))
			t->open++;
	}
	return true;
}

#endif
