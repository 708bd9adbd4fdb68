/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * python_frame: the activation of a function that runs on the current thread, at one of CPython's
 * markers of calls. As tapsets/teletap_frame.h.
 */
#ifndef TELETAP_BPF_PYTHON_FRAME_H
#define TELETAP_BPF_PYTHON_FRAME_H

#include "python_thread.h"

#define CODE_MAKES 0x2a0 /* flags: of a generator, a coroutine, an asynchronous generator */
#define CODE_SIZE 16     /* a code object: its instructions, of 3.12 and later */
#define FRAMES_SKIPPED 64

struct frame {
	uint64_t at, back; /* back: the one below, of whatever kind */
	int32_t line;      /* the first one of its code */
	bool resumed;      /* it is a generator or a coroutine that goes on */
	bool makes;        /* it makes one, and nothing of it runs yet; or it is of no function */
};

/*
 * Does code hold no function? CPython 3.12 and later put a frame of their own below an __init__
 * that they call directly; 3.15 has a return marker for it. Its code is the only one of which no
 * instruction is traced: the first one that would be (4, in _Py_InitCleanup of 3.15) lies behind
 * its end. False: it cannot be read.
 */
static __always_inline bool code_is_shim(uint64_t code, bool *is)
{
	uint64_t size;
	uint32_t first;

	*is = false;
	if (PYTHON(minor) < 12)
		return true;
	if (!python_read(&first, sizeof(first), code + PYTHON(c_trace)) ||
	    !python_read(&size, sizeof(size), code + CODE_SIZE))
		return false;
	*is = first >= size;
	return true;
}

/* Its code, the frame below, and whose it is; false: it cannot be read. */
static __always_inline bool frame_read(uint64_t frame, uint64_t *code, uint64_t *back,
				       uint8_t *owner)
{
	uint32_t c = PYTHON(f_code), b = PYTHON(f_back), o = PYTHON(f_owner), from = lesser(c, b);
	uint8_t part[80] __attribute__((aligned(8)));

	if (!part_read(part, sizeof(part), frame, from, greater(greater(c, b) + 8, o + 1)))
		return false;
	*code = PART(part, uint64_t, c - from) & ~7ULL; /* without tags */
	*back = PART(part, uint64_t, b - from);
	*owner = o ? PART(part, uint8_t, o - from) : 0;
	return true;
}

static __always_inline bool code_read(uint64_t code, uint32_t *flags, int32_t *line)
{
	uint32_t f = PYTHON(c_flags), l = PYTHON(c_line), from = lesser(f, l);
	uint8_t part[32] __attribute__((aligned(8)));

	if (!part_read(part, sizeof(part), code, from, greater(f, l) + 4))
		return false;
	*flags = PART(part, uint32_t, f - from);
	*line = PART(part, int32_t, l - from);
	return true;
}

/* The frame that runs now; false: the frame cannot be read. */
static __always_inline bool frame_now(const struct task_struct *task, uint64_t bias,
				      struct frame *f)
{
	uint64_t code, top;
	uint32_t flags;
	uint8_t owner;
	bool shim;

	python_thread_of(task, bias, &top);
	f->at = python_top_frame(top);
	if (!frame_read(f->at, &code, &f->back, &owner) || !code_read(code, &flags, &f->line) ||
	    !code_is_shim(code, &shim))
		return false;
	f->resumed = PYTHON(f_owner) && owner == OWNER_GENERATOR;
	f->makes = shim || (PYTHON(f_owner) && !f->resumed && flags & CODE_MAKES);
	return true;
}

/* Whether a frame is a function's; *back: the one below it. False: it cannot be read. */
static __always_inline bool frame_look(uint64_t frame, uint64_t *back, bool *is)
{
	uint64_t code;
	uint8_t owner;
	bool shim = false;

	if (!frame_read(frame, &code, back, &owner) ||
	    (owner < OWNER_INTERPRETER && !code_is_shim(code, &shim)))
		return false;
	*is = owner < OWNER_INTERPRETER && !shim;
	return true;
}

#endif
