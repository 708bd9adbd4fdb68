/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * here: events of the kernel itself, which come of all processes: whose they are, and at which
 * Python function or stack. As tapsets/teletap_ours.stp and teletap_stack.stp.
 */
#ifndef TELETAP_BPF_HERE_H
#define TELETAP_BPF_HERE_H

/*
 * Where interrupts are off the kernel has memory ready for some new entries only, and a deep
 * stack that is new has more: maps are allocated before.
 */
#define NAME_FLAGS 0
#include "python.h"

#define HERE_THREADS 4096 /* thread states that are looked at */
#define HERE_WALKS 64

#include "place.h"

/* Is it a thread of one of the processes watched? */
static __always_inline bool ours(struct task_struct *task)
{
	const struct mm_struct *mm = task->mm;
	uint64_t bias;

	if (!mm || task->flags & (PF_KTHREAD | PF_IO_WORKER))
		return false;
	return some_are_watched() ? watched_task(task) : place_of(mm, &bias);
}

/* A walk is too large for a program's stack, and programs can be preempted: one takes any. */
struct walk_place {
	uint64_t taken;
	struct walk walk;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HERE_WALKS);
	__type(key, uint32_t);
	__type(value, struct walk_place);
} walks SEC(".maps");

/* NULL: all are in use, which is counted. */
static __always_inline struct walk_place *walk_take(void)
{
	uint32_t first = bpf_get_smp_processor_id(), at;
	struct walk_place *p;

	for (uint32_t i = 0; i < 8; i++) {
		at = (first + i) & (HERE_WALKS - 1);
		p = bpf_map_lookup_elem(&walks, &at);
		if (p && !__sync_val_compare_and_swap(&p->taken, 0, 1))
			return p;
	}
	count(&tables.totals.full);
	return NULL;
}

static __always_inline void walk_release(struct walk_place *p)
{
	__sync_lock_test_and_set(&p->taken, 0);
}

struct thread_search {
	uint64_t self, interpreter, thread, found;
	bool unread;
};

/* A word of the search, which does not go on behind one that cannot be read. */
static __always_inline uint64_t thread_word(struct thread_search *s, uint64_t from)
{
	uint64_t value = 0;

	if (!python_read(&value, sizeof(value), from))
		s->unread = true;
	return value;
}

static __always_inline bool thread_has_frame(struct thread_search *s, uint64_t thread)
{
	uint64_t frame = 0;

	if (!python_frame_of(thread, &frame))
		s->unread = true;
	return frame;
}

static long thread_step(uint32_t i, void *ctx)
{
	struct thread_search *s = ctx;

	(void)i;
	if (!s->thread) {
		if (!s->interpreter)
			return 1;
		s->thread = thread_word(s, s->interpreter + PYTHON(i_threads));
		s->interpreter = thread_word(s, s->interpreter + PYTHON(i_next));
		return 0;
	}
	if (thread_word(s, s->thread + PYTHON(t_ident)) == s->self &&
	    thread_has_frame(s, s->thread)) {
		s->found = s->thread;
		return 1;
	}
	s->thread = thread_word(s, s->thread + PYTHON(t_next));
	return 0;
}

/*
 * The thread state of the current thread, whether it has the lock or not; 0: it is in no
 * function, or that cannot be read, which is counted. Of several it is that of the newest
 * interpreter: the first of their list.
 */
static __always_inline uint64_t thread_here(uint64_t bias)
{
	struct thread_search s = { .self = bpf_get_current_task_btf()->thread.fsbase };
	uint64_t runtime = config.runtime + bias, lock, t;

	s.interpreter = thread_word(&s, runtime + PYTHON(r_head));
	lock = PYTHON(r_gil) ? runtime + PYTHON(r_gil) : python_word(s.interpreter + PYTHON(i_gil));
	t = python_word(lock + PYTHON(g_holder));
	if (t && python_word(t + PYTHON(t_ident)) == s.self && python_innermost(t))
		return t;
	bpf_loop(HERE_THREADS, thread_step, &s, 0);
	if (!s.found)
		count(s.unread ? &tables.stacks.unread : &tables.stacks.none);
	return s.found;
}

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, STACK_NODES);
	__type(key, struct stack_node);
	__type(value, uint32_t);
} node_numbers SEC(".maps");

static __always_inline uint32_t node_number(uint32_t parent, uint32_t name)
{
	struct stack_node key = { parent, name }, *node;
	uint32_t number;
	bool is_new;

	number = entry_number(&node_numbers, &key, &tables.n_nodes, STACK_NODES,
			      &tables.totals.full, &is_new);
	if (is_new) {
		node = &tables.nodes[INDEX(number, STACK_NODES)];
		node->parent = parent;
		__sync_fetch_and_add(&node->name, name);
	}
	return number;
}

struct node_search {
	struct walk *walk;
	uint32_t node, full;
};

static long node_step(uint32_t i, void *ctx)
{
	struct node_search *s = ctx;
	uint32_t n = s->walk->stack.n;

	if (i >= n)
		return 1;
	s->node = node_number(s->node, s->walk->stack.names[INDEX(n - 1 - i, WALK_FRAMES - 1)]);
	s->full = !s->node;
	return s->full;
}

/* The number of a walk's stack; 0: it has no frame, or there is no room, which is counted. */
static __always_inline uint32_t walk_number(struct walk *w)
{
	struct node_search s = { .walk = w };

	if (!w->stack.n)
		return 0;
	if (w->stack.end == WALK_CUT || w->stack.end == WALK_UNREAD) {
		s.node = node_number(0, w->stack.end == WALK_CUT ? NAME_CUT : NAME_UNREAD);
		if (!s.node)
			return 0;
	}
	bpf_loop(WALK_FRAMES, node_step, &s, 0);
	return s.full ? 0 : s.node;
}

/* Where the target's file lies in the current process, if its stacks can be read. */
static __always_inline bool bias_here(uint64_t *bias)
{
	const struct mm_struct *mm = bpf_get_current_task_btf()->mm;

	return config.runtime && mm && place_of(mm, bias);
}

/* The Python stack of the current thread as a number; 0: none, or it is not known. */
static __always_inline uint32_t stack_here(void)
{
	struct walk_place *p;
	uint64_t bias, thread;
	uint32_t node;

	if (!bias_here(&bias)) {
		count(&tables.stacks.none);
		return 0;
	}
	thread = thread_here(bias);
	p = thread ? walk_take() : NULL;
	if (!p)
		return 0;
	python_stack(&p->walk, bias, thread);
	node = walk_number(&p->walk);
	walk_release(p);
	return node;
}

/* The name of a thread state's innermost function; 0: none, or it is not known. */
static __always_inline uint32_t function_of(uint64_t bias, uint64_t thread)
{
	struct walk_place *p = thread ? walk_take() : NULL;
	uint32_t name;

	if (!p)
		return 0;
	name = python_function(&p->walk, bias, thread);
	walk_release(p);
	return name;
}

/* The current thread's. */
static __always_inline uint32_t function_here(void)
{
	uint64_t bias;

	return bias_here(&bias) ? function_of(bias, thread_here(bias)) : 0;
}

#endif
