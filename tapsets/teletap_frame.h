/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The activation of a Python function that runs on the current thread: its frame, the
 * one that called it, and the first line of its code. For probes that come with each
 * call; where things lie is known from teletap_cpython.h. Nothing here faults or
 * sleeps.
 */
#ifndef TELETAP_FRAME_H
#define TELETAP_FRAME_H

#include <linux/uaccess.h>

#include "teletap_cpython_thread.h"
#include "teletap_session.h"

static bool teletap_frame_known; /* this version's frames */

#define TELETAP_FRAME_GENERATOR 1   /* an owner: the frame lives in a generator */
#define TELETAP_FRAME_INTERPRETER 3 /* 3 and above: no function, C code lies in between */
#define TELETAP_FRAME_MAKES 0x2a0   /* code flags: of a generator, coroutine, async generator */

/* The extension's markers tell how deep a call is; that stands for its frame then. */
static bool teletap_frame_by_depth;
static DEFINE_PER_CPU(u32, teletap_frame_deep);

static bool teletap_frame_depth(u64 *depth)
{
	if (teletap_frame_by_depth)
		*depth = this_cpu_read(teletap_frame_deep);
	return teletap_frame_by_depth;
}

/* What a program says is an address may be any number: the kernel's own are none. */
#define TELETAP_FRAME_HIGHEST 0x00007fffffffe000ull

/* Inside an access window: reads, or goes to fault. */
#define TELETAP_FRAME_READ(to, type, address)                                                      \
	do {                                                                                       \
		u64 address_ = (address);                                                          \
		if (unlikely(address_ > TELETAP_FRAME_HIGHEST))                                    \
			goto fault;                                                                \
		unsafe_get_user(to, (const type __user *)address_, fault);                         \
	} while (0)

/* Opens such a window: all of user memory, in which nothing is faulted in. */
static bool teletap_frame_open(void)
{
	if (!user_read_access_begin((const void __user *)PAGE_SIZE, 8))
		return false;
	pagefault_disable();
	return true;
}

static void teletap_frame_close(void)
{
	pagefault_enable();
	user_read_access_end();
}

/*
 * Inside a window: does code hold no function? CPython 3.12 and later put a frame of their
 * own below an __init__ that they call directly; 3.15 has a return marker for it. Its code
 * is the only one of which no instruction is traced: the first one that would be (4, in
 * _Py_InitCleanup of 3.15) lies behind its end.
 */
static __always_inline bool teletap_frame_shim(u64 code, bool *shim)
{
	u64 size;
	s32 trace;

	*shim = false;
	if (PY(minor) < 12)
		return true;
	TELETAP_FRAME_READ(trace, s32, code + PY(c_trace));
	TELETAP_FRAME_READ(size, u64, code + 16);
	*shim = trace >= (s64)size;
	return true;
fault:
	return false;
}

/*
 * The frame that runs on the current thread, the one below it, and the first line of
 * its code; bias is where the interpreter lies. *resumed: it is a generator or a
 * coroutine that goes on; *making: it makes one, and nothing of it runs yet, or it is
 * a frame of no function (both false before 3.11). Returns false when that cannot be had: an
 * address that cannot be read is counted, a version that is not known is not; *line stays as it was
 * then.
 */
static bool teletap_frame_now(u64 bias, u64 *frame, u64 *back, bool *resumed, bool *making,
			      s32 *line)
{
	u64 at = teletap_python.runtime + bias, code, ident;
	u32 flags;
	u8 owner = 0;
	bool shim;

	if (teletap_frame_by_depth) { /* the bias is the depth, see teletap_thread_bias */
		*frame = bias;
		*back = bias - 1;
		*resumed = *making = false;
		return bias > 0;
	}
	if (!teletap_frame_known || !teletap_frame_open())
		return false;
	/* The thread that has the GIL; it should be this one. */
	if (!PY(r_current)) /* the main interpreter's */
		TELETAP_FRAME_READ(at, u64, at + PY(r_head) + 8);
	TELETAP_FRAME_READ(at, u64, at + (PY(r_current) ?: PY(i_holder)));
	TELETAP_FRAME_READ(ident, u64, at + PY(t_ident));
	if (unlikely(ident != current->thread.fsbase)) {
		teletap_frame_close();
		at = teletap_python_thread(bias);
		if (!at || !teletap_frame_open())
			return false;
	}
	if (PY(t_cframe))
		TELETAP_FRAME_READ(at, u64, at + PY(t_cframe));
	TELETAP_FRAME_READ(*frame, u64, at + PY(t_frame));
	TELETAP_FRAME_READ(*back, u64, *frame + PY(f_back));
	if (PY(f_owner))
		TELETAP_FRAME_READ(owner, u8, *frame + PY(f_owner));
	TELETAP_FRAME_READ(code, u64, *frame + PY(f_code));
	code &= ~7ull; /* tags */
	TELETAP_FRAME_READ(flags, u32, code + PY(c_flags));
	TELETAP_FRAME_READ(*line, s32, code + PY(c_line));
	if (!teletap_frame_shim(code, &shim))
		goto fault;
	teletap_frame_close();
	*resumed = PY(f_owner) && owner == TELETAP_FRAME_GENERATOR;
	*making = shim || (PY(f_owner) && !*resumed && flags & TELETAP_FRAME_MAKES);
	return true;
fault:
	teletap_frame_close();
	atomic64_inc(&teletap_unread);
	return false;
}

/*
 * Inside a window: the code object that runs on the current thread, and the first line
 * of its code; nothing else may be known of it. 0: that cannot be had in the short way.
 */
static __always_inline u64 teletap_frame_code(u64 bias, s32 *line)
{
	u64 at = teletap_python.runtime + bias, code, ident;
	s32 first;
	bool shim;

	if (!PY(r_current)) /* the main interpreter's */
		TELETAP_FRAME_READ(at, u64, at + PY(r_head) + 8);
	TELETAP_FRAME_READ(at, u64, at + (PY(r_current) ?: PY(i_holder)));
	TELETAP_FRAME_READ(ident, u64, at + PY(t_ident));
	if (unlikely(ident != current->thread.fsbase))
		return 0;
	if (PY(t_cframe))
		TELETAP_FRAME_READ(at, u64, at + PY(t_cframe));
	TELETAP_FRAME_READ(at, u64, at + PY(t_frame));
	TELETAP_FRAME_READ(code, u64, at + PY(f_code));
	code &= ~7ull; /* tags */
	TELETAP_FRAME_READ(first, s32, code + PY(c_line));
	if (unlikely(!first) && (!teletap_frame_shim(code, &shim) || shim))
		return 0;
	*line = first;
	return code;
fault:
	return 0;
}

/*
 * The frame itself when it is a function's, or else the next one below that is; 0:
 * there is none, or it cannot be read.
 */
static u64 teletap_frame_function(u64 frame)
{
	int i;

	if (!teletap_frame_known || !PY(f_owner) || !frame || !teletap_frame_open())
		return frame;
	for (i = 0; frame && i < 64; i++) {
		u64 code;
		u8 owner;
		bool shim;

		TELETAP_FRAME_READ(owner, u8, frame + PY(f_owner));
		if (owner < TELETAP_FRAME_INTERPRETER) {
			TELETAP_FRAME_READ(code, u64, frame + PY(f_code));
			if (!teletap_frame_shim(code & ~7ull, &shim))
				goto fault;
			if (!shim)
				break;
		}
		TELETAP_FRAME_READ(frame, u64, frame + PY(f_back));
	}
	teletap_frame_close();
	return i < 64 ? frame : 0;
fault:
	teletap_frame_close();
	return 0;
}

/* The function's frame that called this one; 0: none, or it cannot be read. */
static u64 teletap_frame_caller(u64 frame)
{
	u64 back;

	if (teletap_frame_by_depth)
		return frame ? frame - 1 : 0;
	if (!frame || !teletap_frame_open())
		return 0;
	TELETAP_FRAME_READ(back, u64, frame + PY(f_back));
	teletap_frame_close();
	return teletap_frame_function(back);
fault:
	teletap_frame_close();
	return 0;
}

#endif
