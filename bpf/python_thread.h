/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * python_thread: the thread state of the current thread, and its innermost frame. bias: what is to
 * be added to an address in the file.
 */
#ifndef TELETAP_BPF_PYTHON_THREAD_H
#define TELETAP_BPF_PYTHON_THREAD_H

#include "session.h"

#define PYTHON(field) (config.python.field)
#define PYTHON_INTERPRETERS 64 /* more are not searched for the thread */

/* Of a frame: whose it is. */
#define OWNER_GENERATOR 1
#define OWNER_INTERPRETER 3 /* and above: no function, C code lies in between */

static __always_inline bool python_read(void *to, uint32_t size, uint64_t from)
{
	return from && !bpf_probe_read_user(to, size, (const void *)from);
}

/* 0: it cannot be read, which bpf_probe_read_user leaves behind then. */
static __always_inline uint64_t python_word(uint64_t from)
{
	uint64_t value = 0;

	if (from)
		bpf_probe_read_user(&value, sizeof(value), (const void *)from);
	return value;
}

static __always_inline uint32_t lesser(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static __always_inline uint32_t greater(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/*
 * Bytes "from" to "end" of one of CPython's structures, if there is room for them: one read of
 * several fields takes hardly longer than one of a single field.
 */
static __always_inline bool part_read(uint8_t *to, uint32_t room, uint64_t at, uint32_t from,
				      uint32_t end)
{
	return end - from <= room && at && python_read(to, end - from, at + from);
}

#define PART(part, type, offset) (*(const type *)((part) + (offset)))

/* Is it the state of the thread that is known by "self"? *top: for python_top_frame. */
static __always_inline bool thread_is(uint64_t thread, uint64_t self, uint64_t *top)
{
	uint32_t at = PYTHON(t_cframe) ? PYTHON(t_cframe) : PYTHON(t_frame);
	uint32_t ident = PYTHON(t_ident), from = lesser(at, ident);
	uint8_t part[160] __attribute__((aligned(8)));

	if (!part_read(part, sizeof(part), thread, from, greater(at, ident) + 8) ||
	    PART(part, uint64_t, ident - from) != self)
		return false;
	*top = PART(part, uint64_t, at - from);
	return true;
}

/* Who has an interpreter's lock; 0: nobody, or it cannot be read. */
static __always_inline uint64_t interpreter_holder(uint64_t interpreter)
{
	uint64_t lock = interpreter ? python_word(interpreter + PYTHON(i_gil)) : 0;

	return lock ? python_word(lock + PYTHON(g_holder)) : 0;
}

struct holder_search {
	uint64_t interpreter, self, found;
};

/* For bpf_loop, through whose body the verifier goes once: looks at the next interpreter. */
static long holder_step(uint32_t i, void *ctx)
{
	struct holder_search *s = ctx;
	uint64_t t;

	(void)i;
	s->interpreter = python_word(s->interpreter + PYTHON(i_next));
	t = interpreter_holder(s->interpreter);
	if (t && python_word(t + PYTHON(t_ident)) == s->self)
		s->found = t;
	return s->found || !s->interpreter;
}

/*
 * The thread state of the current thread, which has its interpreter's lock; 0: that cannot be
 * had. A thread is known by the address of its control block, which pthread_self() says. *top as
 * above.
 */
static __always_inline uint64_t python_thread_of(const struct task_struct *task, uint64_t bias,
						 uint64_t *top)
{
	uint64_t self = task->thread.fsbase;
	struct holder_search s = { .self = self };
	uint64_t runtime = config.runtime + bias, t;

	*top = 0;
	if (PYTHON(r_gil)) {
		t = python_word(runtime + PYTHON(r_gil) + PYTHON(g_holder));
	} else {
		s.interpreter = python_word(runtime + PYTHON(r_head));
		t = interpreter_holder(s.interpreter);
	}
	if (thread_is(t, self, top))
		return t;
	if (s.interpreter)
		bpf_loop(PYTHON_INTERPRETERS, holder_step, &s, 0);
	return thread_is(s.found, self, top) ? s.found : 0;
}

static __always_inline uint64_t python_thread(uint64_t bias)
{
	uint64_t top;

	return python_thread_of(bpf_get_current_task_btf(), bias, &top);
}

/* The innermost frame of a thread, of which python_thread_of has said where it is. */
static __always_inline uint64_t python_top_frame(uint64_t top)
{
	return PYTHON(t_cframe) && top ? python_word(top + PYTHON(t_frame)) : top;
}

/* The innermost frame of a thread state. False: it cannot be read. */
static __always_inline bool python_frame_of(uint64_t t, uint64_t *frame)
{
	if (PYTHON(t_cframe) && !python_read(&t, sizeof(t), t + PYTHON(t_cframe)))
		return false;
	return python_read(frame, sizeof(*frame), t + PYTHON(t_frame));
}

static __always_inline uint64_t python_innermost(uint64_t t)
{
	uint64_t frame = 0;

	return t && python_frame_of(t, &frame) ? frame : 0;
}

#endif
