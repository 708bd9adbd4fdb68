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

static __always_inline uint64_t python_word(uint64_t from)
{
	uint64_t value = 0;

	return python_read(&value, sizeof(value), from) ? value : 0;
}

/*
 * The thread state of the current thread, which has its interpreter's lock; 0: that cannot be
 * had. A thread is known by the address of its control block, which pthread_self() says.
 */
static __always_inline uint64_t python_thread(uint64_t bias)
{
	uint64_t self = bpf_get_current_task_btf()->thread.fsbase;
	uint64_t runtime = config.runtime + bias, interpreter = 0, t;

	if (PYTHON(r_gil)) {
		t = python_word(runtime + PYTHON(r_gil) + PYTHON(g_holder));
		return t && python_word(t + PYTHON(t_ident)) == self ? t : 0;
	}
	for (int i = 0; i < PYTHON_INTERPRETERS; i++) {
		interpreter =
			python_word(i ? interpreter + PYTHON(i_next) : runtime + PYTHON(r_head));
		if (!interpreter)
			break;
		t = python_word(interpreter + PYTHON(i_gil));
		t = t ? python_word(t + PYTHON(g_holder)) : 0;
		if (t && python_word(t + PYTHON(t_ident)) == self)
			return t;
	}
	return 0;
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
