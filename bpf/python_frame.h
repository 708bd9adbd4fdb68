/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * python_frame: the activation of a function that runs on the current thread, at one of CPython's
 * markers of calls. As tapsets/teletap_frame.stp.
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
 * that they call directly; 3.15 has a return marker for it. Its code is the only one without a
 * RESUME, so that no instruction of it is traced. False: it cannot be read.
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
	*is = first == size;
	return true;
}

static __always_inline bool frame_code(uint64_t frame, uint64_t *code, uint8_t *owner)
{
	*owner = 0;
	if (!frame || !python_read(code, sizeof(*code), frame + PYTHON(f_code)) ||
	    (PYTHON(f_owner) && !python_read(owner, 1, frame + PYTHON(f_owner))))
		return false;
	*code &= ~7ULL; /* tags */
	return true;
}

/* The frame that runs now; false: the frame cannot be read. */
static __always_inline bool frame_now(uint64_t bias, struct frame *f)
{
	uint64_t thread = python_thread(bias), code;
	uint32_t flags;
	uint8_t owner;
	bool shim;

	f->at = thread ? python_innermost(thread) : 0;
	if (!frame_code(f->at, &code, &owner) ||
	    !python_read(&f->back, sizeof(f->back), f->at + PYTHON(f_back)) ||
	    !python_read(&flags, sizeof(flags), code + PYTHON(c_flags)) ||
	    !python_read(&f->line, sizeof(f->line), code + PYTHON(c_line)) ||
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

	if (!frame_code(frame, &code, &owner) ||
	    !python_read(back, sizeof(*back), frame + PYTHON(f_back)) ||
	    (owner < OWNER_INTERPRETER && !code_is_shim(code, &shim)))
		return false;
	*is = owner < OWNER_INTERPRETER && !shim;
	return true;
}

#endif
