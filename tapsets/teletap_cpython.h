/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cpython: where CPython keeps what, and where it lies in the current process. Nothing here waits:
 * a page that is not in memory is a fault, and counted.
 */
#ifndef TELETAP_CPYTHON_H
#define TELETAP_CPYTHON_H

#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/uaccess.h>

#include "teletap_layouts.h"
#include "teletap_place.h"

/* Why there are no stacks; wrapper/model/records.def, record stacks, has the same numbers. */
enum {
	TELETAP_PYTHON_FINE,
	TELETAP_PYTHON_UNKNOWN, /* no layout of this version, or no symbols */
	TELETAP_PYTHON_ALIEN,   /* the process says otherwise than the layout */
	TELETAP_PYTHON_FREE,    /* a free-threaded build */
};

static struct {
	struct python_layout layout; /* minor 0: none */
	u64 version, runtime, type;
	int state;
} teletap_python;

static DEFINE_PER_CPU(u64, teletap_python_faults);

/* An offset of the target's layout. */
#define PY(name) (teletap_python.layout.name)

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

/* Does the process say what the layout says? */
static int teletap_python_verify(u64 bias)
{
	u64 runtime = teletap_python.runtime + bias, words[8];
	int i;

	if (PY(minor) < 13)
		return TELETAP_PYTHON_FINE;
	for (i = 0; i < PYTHON_WORDS; i += ARRAY_SIZE(words)) {
		if (!teletap_python_read(words, runtime + 8 * i, sizeof(words)))
			return -EAGAIN;
		if (!i && (memcmp(words, PYTHON_COOKIE, 8) || words[1] != teletap_python.version))
			return TELETAP_PYTHON_ALIEN;
		if (!i && words[2])
			return TELETAP_PYTHON_FREE;
		if (!python_layout_agree(&teletap_python.layout, words, i, ARRAY_SIZE(words)))
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
	if (!PY(minor))
		return -ENOENT;
	err = teletap_place(may_look, teletap_python_verify, bias);
	if (err > 0) /* another process of the same file would say the same */
		teletap_python.state = err;
	return err;
}

/* Where a string object has its text, in any version from 3.3 on. */
static int teletap_python_text_at(bool ascii)
{
	if (PY(minor))
		return ascii ? PY(u_ascii) : PY(u_wide);
	if (teletap_python.version >> 16 >= 0x030c)
		return ascii ? 40 : 56;
	return ascii ? 48 : 72;
}

/* Is the interpreter being shut down? */
static bool teletap_python_ending(u64 bias)
{
	return teletap_python_u64(teletap_python.runtime + bias + PY(r_ending));
}

/* For the begin probe of teletap_cpython.stp. */
static void teletap_python_set(u64 version, u64 runtime, u64 type)
{
	teletap_python.version = version;
	teletap_python.runtime = runtime;
	teletap_python.type = type;
	if (runtime && type && python_has_stacks(version))
		teletap_python.layout = *python_layout(version);
	teletap_python.state = PY(minor) ? TELETAP_PYTHON_FINE : TELETAP_PYTHON_UNKNOWN;
}

#endif
