/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cpython_thread: the thread state of the current thread, its frames, the names in them, and its
 * interpreter's garbage collector.
 */
#ifndef TELETAP_CPYTHON_THREAD_H
#define TELETAP_CPYTHON_THREAD_H

#include "teletap_cpython.h"

#define TELETAP_PYTHON_INTERPRETERS 256 /* more are not searched for a thread */
#define TELETAP_PYTHON_THREADS 4096

/* Does this thread state belong to the current thread? *active: and is it in use? */
static bool teletap_python_mine(u64 t, bool *active)
{
	u32 status = 0;

	*active = false;
	if (!t || teletap_python_u64(t + PY(t_ident)) != current->thread.fsbase)
		return false;
	if (PY(t_status) && teletap_python_read(&status, t + PY(t_status), sizeof(status)))
		*active = status & 0x10;
	return true;
}

static u64 teletap_python_innermost(u64 t)
{
	if (PY(t_cframe))
		t = teletap_python_u64(t + PY(t_cframe));
	return t ? teletap_python_u64(t + PY(t_frame)) : 0;
}

/*
 * The thread state of the current thread; 0: it has none. A thread is known by the
 * address of its thread control block: CPython keeps what pthread_self() said, and that
 * is what the FS register holds. It is the same in all PID namespaces, and after fork.
 *
 * Most often the thread has the GIL. If not, it is searched for in all interpreters.
 * A thread can have a state in several: then it is the one in use, or else (the thread
 * has let the GIL go) the one of the newest interpreter that has a frame: interpreters
 * are listed newest first, and code of a newer one is called from that of an older one.
 */
static u64 teletap_python_thread(u64 bias)
{
	u64 runtime = teletap_python.runtime + bias, interp, t, found = 0;
	int i, n = 0;
	bool active;

	if (PY(r_current)) {
		t = teletap_python_u64(runtime + PY(r_current));
		if (teletap_python_mine(t, &active))
			return t;
	} else {
		interp = teletap_python_u64(runtime + PY(r_head) + 8);
		t = interp ? teletap_python_u64(interp + PY(i_holder)) : 0;
		if (teletap_python_mine(t, &active) && active)
			return t;
	}
	interp = teletap_python_u64(runtime + PY(r_head));
	for (i = 0; interp && i < TELETAP_PYTHON_INTERPRETERS; i++) {
		t = teletap_python_u64(interp + PY(i_threads));
		for (; t && n < TELETAP_PYTHON_THREADS; n++) {
			if (teletap_python_mine(t, &active)) {
				if (active)
					return t;
				if (!found && teletap_python_innermost(t))
					found = t;
			}
			t = teletap_python_u64(t + PY(t_next));
		}
		interp = teletap_python_u64(interp + PY(i_next));
	}
	return found;
}

/* The thread state that has the main interpreter's GIL, or had it last; 0: none. */
static u64 teletap_python_holder(u64 bias)
{
	u64 runtime = teletap_python.runtime + bias, interp;

	if (PY(r_current))
		return teletap_python_u64(runtime + PY(r_current));
	interp = teletap_python_u64(runtime + PY(r_head) + 8);
	return interp ? teletap_python_u64(interp + PY(i_holder)) : 0;
}

#define TELETAP_PYTHON_CODE 216   /* bytes of a code object that are read */
#define TELETAP_PYTHON_FRAME 80   /* and of a frame */
#define TELETAP_PYTHON_SKIPPED 64 /* frames in a row that are none of Python's */

#define PY_FIELD(type, from, name) (*(const type *)((from) + PY(name)))

/*
 * Follows the frames outward: sets *frame to the one that called this one and *code
 * to this one's code object, of which it reads the beginning into object. Passes over
 * frames of the interpreter itself and over those whose execution has not begun, as
 * sys._getframe() does. Returns the code object's address; 0: there is no further
 * frame, and then *frame is 0, or it cannot be read.
 */
static u64 teletap_python_code(u64 bias, u64 *frame, u8 *object)
{
	size_t size = PY(f_owner) ? TELETAP_PYTHON_FRAME : 40;
	size_t code_size = PY(c_start) ? PY(c_start) : 128;
	u8 f[TELETAP_PYTHON_FRAME] __aligned(8);
	u64 at = *frame, code;
	int skipped;

	for (skipped = 0; at && skipped < TELETAP_PYTHON_SKIPPED; skipped++) {
		u8 owner;

		*frame = at;
		if (!teletap_python_read(f, at, size))
			return 0;
		at = PY_FIELD(u64, f, f_back);
		owner = PY(f_owner) ? f[PY(f_owner)] : 0;
		if (owner >= 3)
			continue;
		code = PY_FIELD(u64, f, f_code);
		if (PY(minor) >= 14)
			code &= ~7ull;
		if (!teletap_python_read(object, code, code_size))
			return 0;
		if (*(const u64 *)(object + 8) != teletap_python.type + bias)
			continue;
		if (PY(f_owner) && owner != 1 &&
		    PY_FIELD(u64, f, f_where) <
			    code + PY(c_start) + 2 * (u64)PY_FIELD(u32, object, c_trace))
			continue;
		*frame = at;
		return code;
	}
	if (!at)
		*frame = 0;
	return 0;
}

/* The string objects that name a code object, and its first line. */
static u64 teletap_python_names(const u8 *object, u64 *file, int *line)
{
	*file = PY_FIELD(u64, object, c_file);
	*line = PY_FIELD(s32, object, c_line);
	return PY_FIELD(u64, object, c_name);
}

/*
 * Where the threshold of the youngest generation is: behind two pointers, which one of 3.13's
 * releases began to align to 4 bytes (gh-127545; 3.13.0 has 8, 3.13.15 has 4), so that all lies
 * 4 bytes lower.
 */
static u64 teletap_python_young(u64 gc)
{
	u64 at = gc + PY(i_collector) + PY(gc_young);

	return teletap_python_u64(at - 16) >> 47 ? at - 4 : at;
}

/*
 * What the garbage collector of the current thread's interpreter says: whether it works
 * by itself, and whether a collection is due. False: that cannot be had.
 */
static bool teletap_python_gc(u64 bias, bool *enabled, bool *due)
{
	u64 t = teletap_python_thread(bias), gc;
	s32 on, young[2];

	gc = t ? teletap_python_u64(t + PY(t_interp)) : 0;
	if (!gc || !teletap_python_read(&on, gc + PY(i_collector) + PY(gc_on), sizeof(on)) ||
	    !teletap_python_read(young, teletap_python_young(gc), sizeof(young)))
		return false;
	*enabled = on;
	*due = on && young[0] && young[1] > young[0];
	return true;
}

#endif
