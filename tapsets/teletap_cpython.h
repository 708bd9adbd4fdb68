/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cpython: where CPython keeps what, version by version, and where it lies in the current
 * process. Nothing here waits: a page that is not in memory is a fault, and counted.
 */
#ifndef TELETAP_CPYTHON_H
#define TELETAP_CPYTHON_H

#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/uaccess.h>

#include "teletap_place.h"

/*
 * One row per minor version of CPython, x86-64, builds with a GIL: where a field
 * lies in its structure, and from 3.13 on at which of the 8-byte words of
 * _Py_DebugOffsets the process itself says so; it is asked once, and what it says
 * must be the same for each of them. Sources: facts seen in Debian's 3.9.2, 3.11.2,
 * 3.13, 3.14.8 and 3.15.0, and Include/internal of 3.13 to 3.15. To add a version, add
 * a row.
 */
enum {
	PY_ENDING,   /* _PyRuntime: thread state that ends it; 0 until the end */
	PY_HEAD,     /* _PyRuntime: first interpreter, the newest; then the main one */
	PY_CURRENT,  /* _PyRuntime: thread state that has the GIL; up to 3.11 */
	PY_HOLDER,   /* interpreter: thread state that had its GIL last; from 3.12 on */
	PY_NEXT,     /* interpreter: next one */
	PY_THREADS,  /* interpreter: first thread state */
	PY_GC,       /* interpreter: the garbage collector's state, */
	PY_GC_ON,    /* in it: whether it works by itself, */
	PY_GC_YOUNG, /* the threshold of the youngest generation; then its count */
	PY_T_NEXT,   /* thread state: next one */
	PY_T_INTERP, /* thread state: its interpreter */
	PY_T_IDENT,  /* thread state: what pthread_self() said */
	PY_T_STATUS, /* thread state: bits, 0x10 is active; from 3.12 on */
	PY_T_CFRAME, /* thread state: what holds the innermost frame; 3.11 and 3.12 */
	PY_T_FRAME,  /* thread state, or that: innermost frame */
	PY_F_BACK,   /* frame: the one that called it */
	PY_F_CODE,   /* frame: code object, with tag bits from 3.14 on */
	PY_F_WHERE,  /* frame: instruction; from 3.11 on */
	PY_F_OWNER,  /* frame: 1: generator, 3 and more: the interpreter itself; from 3.11 on */
	PY_C_FILE,   /* code: file */
	PY_C_NAME,   /* code: name */
	PY_C_FLAGS,  /* code: what it makes: 0x20 generator, 0x80 coroutine, 0x200 both */
	PY_C_LINE,   /* code: first line */
	PY_C_TRACE,  /* code: first instruction that counts as executing; from 3.11 on */
	PY_C_START,  /* code: its instructions */
	PY_U_ASCII,  /* string: text, when ASCII */
	PY_U_WIDE,   /* string: text, otherwise */
	PY_FIELDS
};

struct teletap_python_row {
	int minor;
	struct {
		u16 at;
		u16 word; /* of _Py_DebugOffsets; 0: not there */
	} field[PY_FIELDS];
};

/* clang-format off */
static const struct teletap_python_row teletap_python_rows[] = {
	{ 9, { [PY_ENDING] = { 16 }, [PY_HEAD] = { 32 }, [PY_CURRENT] = { 568 }, [PY_NEXT] = { 0 },
	       [PY_THREADS] = { 8 }, [PY_GC_ON] = { 628 }, [PY_GC_YOUNG] = { 656 },
	       [PY_T_NEXT] = { 8 }, [PY_T_INTERP] = { 16 }, [PY_T_IDENT] = { 176 }, [PY_T_FRAME] = { 24 },
	       [PY_F_BACK] = { 24 }, [PY_F_CODE] = { 32 },
	       [PY_C_FILE] = { 104 }, [PY_C_NAME] = { 112 }, [PY_C_FLAGS] = { 36 },
	       [PY_C_LINE] = { 40 },
	       [PY_U_ASCII] = { 48 }, [PY_U_WIDE] = { 72 } } },
	{ 11, { [PY_ENDING] = { 24 }, [PY_HEAD] = { 40 }, [PY_CURRENT] = { 576 }, [PY_NEXT] = { 0 },
		[PY_THREADS] = { 16 }, [PY_GC_ON] = { 660 }, [PY_GC_YOUNG] = { 688 },
		[PY_T_NEXT] = { 8 }, [PY_T_INTERP] = { 16 }, [PY_T_IDENT] = { 152 }, [PY_T_CFRAME] = { 56 },
		[PY_T_FRAME] = { 8 },
		[PY_F_BACK] = { 48 }, [PY_F_CODE] = { 32 }, [PY_F_WHERE] = { 56 },
		[PY_F_OWNER] = { 69 },
		[PY_C_FILE] = { 112 }, [PY_C_NAME] = { 120 }, [PY_C_FLAGS] = { 48 },
		[PY_C_LINE] = { 72 },
		[PY_C_TRACE] = { 168 }, [PY_C_START] = { 184 },
		[PY_U_ASCII] = { 48 }, [PY_U_WIDE] = { 72 } } },
	{ 13, { [PY_ENDING] = { 608, 4 }, [PY_HEAD] = { 632, 5 }, [PY_HOLDER] = { 7760, 18 }, [PY_NEXT] = { 7264, 8 },
		[PY_THREADS] = { 7344, 9 }, [PY_GC] = { 7400, 10 }, [PY_GC_ON] = { 12 },
		[PY_GC_YOUNG] = { 40 },
		[PY_T_NEXT] = { 8, 21 }, [PY_T_INTERP] = { 16, 22 }, [PY_T_IDENT] = { 152, 24 }, [PY_T_STATUS] = { 32, 27 },
		[PY_T_FRAME] = { 72, 23 },
		[PY_F_BACK] = { 8, 29 }, [PY_F_CODE] = { 0, 30 }, [PY_F_WHERE] = { 56, 31 },
		[PY_F_OWNER] = { 70, 33 },
		[PY_C_FILE] = { 112, 35 }, [PY_C_NAME] = { 120, 36 }, [PY_C_FLAGS] = { 48 },
		[PY_C_LINE] = { 68, 39 },
		[PY_C_TRACE] = { 184 }, [PY_C_START] = { 200, 43 },
		[PY_U_ASCII] = { 40, 70 }, [PY_U_WIDE] = { 56 } } },
	{ 14, { [PY_ENDING] = { 784, 4 }, [PY_HEAD] = { 808, 5 }, [PY_HOLDER] = { 7792, 19 }, [PY_NEXT] = { 7272, 8 },
		[PY_THREADS] = { 7344, 9 }, [PY_GC] = { 7408, 11 }, [PY_GC_ON] = { 12 },
		[PY_GC_YOUNG] = { 40 },
		[PY_T_NEXT] = { 8, 24 }, [PY_T_INTERP] = { 16, 25 }, [PY_T_IDENT] = { 152, 27 }, [PY_T_STATUS] = { 32, 30 },
		[PY_T_FRAME] = { 72, 26 },
		[PY_F_BACK] = { 8, 32 }, [PY_F_CODE] = { 0, 33 }, [PY_F_WHERE] = { 56, 34 },
		[PY_F_OWNER] = { 74, 36 },
		[PY_C_FILE] = { 112, 40 }, [PY_C_NAME] = { 120, 41 }, [PY_C_FLAGS] = { 48 },
		[PY_C_LINE] = { 68, 44 },
		[PY_C_TRACE] = { 192 }, [PY_C_START] = { 208, 48 },
		[PY_U_ASCII] = { 40, 80 }, [PY_U_WIDE] = { 56 } } },
	{ 15, { [PY_ENDING] = { 912, 4 }, [PY_HEAD] = { 936, 5 }, [PY_HOLDER] = { 7744, 19 }, [PY_NEXT] = { 7264, 8 },
		[PY_THREADS] = { 7336, 9 }, [PY_GC] = { 7400, 11 }, [PY_GC_ON] = { 0 },
		[PY_GC_YOUNG] = { 24 },
		[PY_T_NEXT] = { 8, 24 }, [PY_T_INTERP] = { 16, 25 }, [PY_T_IDENT] = { 176, 30 }, [PY_T_STATUS] = { 32, 33 },
		[PY_T_FRAME] = { 72, 26 },
		[PY_F_BACK] = { 8, 40 }, [PY_F_CODE] = { 0, 41 }, [PY_F_WHERE] = { 56, 42 },
		[PY_F_OWNER] = { 74, 44 },
		[PY_C_FILE] = { 112, 48 }, [PY_C_NAME] = { 120, 49 }, [PY_C_FLAGS] = { 48 },
		[PY_C_LINE] = { 68, 52 },
		[PY_C_TRACE] = { 192 }, [PY_C_START] = { 208, 56 },
		[PY_U_ASCII] = { 40, 92 }, [PY_U_WIDE] = { 56 } } },
};
/* clang-format on */

/* Why there are no stacks; wrapper/model/records.def, record stacks, has the same numbers. */
enum {
	TELETAP_PYTHON_FINE,
	TELETAP_PYTHON_UNKNOWN, /* no row for this version, or no symbols */
	TELETAP_PYTHON_ALIEN,   /* the process says otherwise than the row */
	TELETAP_PYTHON_FREE,    /* a free-threaded build */
};

static struct {
	const struct teletap_python_row *row; /* NULL: none */
	u64 version, runtime, type;
	int state;
} teletap_python;

static DEFINE_PER_CPU(u64, teletap_python_faults);

/* An offset of the target's row. */
#define PY(name) (teletap_python.row->field[PY_##name].at)

/*
 * Reads that failed on this processor, which no probe leaves before it ends. A page can be away
 * for a moment only, as while the kernel makes a huge page of it.
 */
static u64 teletap_python_faulted(void)
{
	return this_cpu_read(teletap_python_faults);
}

/* Reads user memory of the current process without waiting. A fault is counted. */
static bool teletap_python_read(void *to, u64 from, size_t size)
{
	if (from && !copy_from_user_nofault(to, (const void __user *)(unsigned long)from, size))
		return true;
	this_cpu_inc(teletap_python_faults);
	return false;
}

static u64 teletap_python_u64(u64 from)
{
	u64 value;

	return teletap_python_read(&value, from, sizeof(value)) ? value : 0;
}

/* Does the process say what the row says? */
static int teletap_python_verify(u64 bias)
{
	const struct teletap_python_row *row = teletap_python.row;
	u64 runtime = teletap_python.runtime + bias;
	u64 head[3];
	int i;

	if (row->minor < 13)
		return TELETAP_PYTHON_FINE;
	if (!teletap_python_read(head, runtime, sizeof(head)))
		return -EAGAIN;
	if (memcmp(head, "xdebugpy", 8) || head[1] != teletap_python.version)
		return TELETAP_PYTHON_ALIEN;
	if (head[2])
		return TELETAP_PYTHON_FREE;
	for (i = 0; i < PY_FIELDS; i++) {
		u64 value;

		if (!row->field[i].word)
			continue;
		if (!teletap_python_read(&value, runtime + 8 * row->field[i].word, sizeof(value)))
			return -EAGAIN;
		if (value != row->field[i].at)
			return TELETAP_PYTHON_ALIEN;
	}
	return TELETAP_PYTHON_FINE;
}

/* Sets *bias. 0, or why nothing can be read: one of the above, negative: here and now. */
static int teletap_python_here(bool may_look, u64 *bias)
{
	int err;

	if (teletap_python.state)
		return teletap_python.state;
	if (!teletap_python.row)
		return -ENOENT;
	err = teletap_place(may_look, teletap_python_verify, bias);
	if (err > 0) /* another process of the same file would say the same */
		teletap_python.state = err;
	return err;
}

/* The minor version of the target; 0: not known. */
static int teletap_python_minor(void)
{
	return teletap_python.row ? teletap_python.row->minor : 0;
}

/* Where a string object has its text, in any version from 3.3 on. */
static int teletap_python_text_at(bool ascii)
{
	if (teletap_python.row)
		return ascii ? PY(U_ASCII) : PY(U_WIDE);
	if (teletap_python.version >> 16 >= 0x030c)
		return ascii ? 40 : 56;
	return ascii ? 48 : 72;
}

/* Is the interpreter being shut down? */
static bool teletap_python_ending(u64 bias)
{
	return teletap_python_u64(teletap_python.runtime + bias + PY(ENDING));
}

/* For the begin probe of teletap_cpython.stp. */
static void teletap_python_set(u64 version, u64 runtime, u64 type)
{
	int i;

	teletap_python.version = version;
	teletap_python.runtime = runtime;
	teletap_python.type = type;
	for (i = 0; i < ARRAY_SIZE(teletap_python_rows) && runtime && type; i++) {
		if (version >> 16 == (0x300 | teletap_python_rows[i].minor))
			teletap_python.row = &teletap_python_rows[i];
	}
	teletap_python.state = teletap_python.row ? TELETAP_PYTHON_FINE : TELETAP_PYTHON_UNKNOWN;
}

#endif
