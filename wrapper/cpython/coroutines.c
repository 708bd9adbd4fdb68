// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sources: Objects/genobject.c (_PyGen_yf: what a generator awaits), Include/genobject.h,
 * Include/internal/pycore_frame.h, of each version.
 */
#include "cpython/coroutines.h"

#include <errno.h>
#include <string.h>

#define VALUES_MAX 65536 /* of a frame */

/* The instructions of which one follows where another coroutine is awaited, and not a yield. */
enum {
	YIELD_FROM = 72, /* to 3.10 */
	RESUME = 151,
	RESUME_QUICK = 150,        /* 3.11 and 3.12 */
	INSTRUMENTED_RESUME = 240, /* 3.12 */
	RESUME_AWAITED = 2,        /* its argument, or more: not a plain yield */
};

/* Its frame; 0: it has none any more. */
static int frame_of(struct memory *m, const struct python *p, uint64_t coroutine, uint64_t *frame)
{
	*frame = coroutine + p->layout.n_frame;
	return p->layout.minor < 11 ? memory_read(m, *frame, frame, sizeof(*frame)) : 0;
}

int coroutine_running(struct memory *m, const struct python *p, uint64_t thread, uint64_t coroutine,
		      struct python_frames *out)
{
	uint64_t frame;

	if (frame_of(m, p, coroutine, &frame) || !frame)
		return -EFAULT;
	return python_frames_until(m, p, thread, frame, out);
}

/* To 3.10: the instruction behind the last one; before the first one there is none. */
static int next_of_old(struct memory *m, const struct python *p, uint64_t frame, int32_t *last,
		       uint8_t *next)
{
	const struct python_layout *l = &p->layout;
	uint64_t code;

	if (memory_read(m, frame + l->f_where, last, sizeof(*last)))
		return -EFAULT;
	if (*last < 0)
		return 0;
	if (memory_read(m, frame + l->f_code, &code, sizeof(code)) ||
	    memory_read(m, code + l->c_code, &code, sizeof(code)) ||
	    memory_read(m, code + l->b_data + (uint64_t)*last * (l->minor == 10 ? 2 : 1) + 2, next,
			sizeof(*next)))
		return -EFAULT;
	return 0;
}

/* To 3.10. 3.8 and 3.9 have no state: a byte, whether it runs. */
static int old_state(struct memory *m, const struct python *p, uint64_t coroutine, uint64_t frame,
		     enum coroutine_state *state, bool *awaits)
{
	uint64_t from = p->layout.minor == 10 ? frame : coroutine;
	uint8_t next = 0;
	int8_t value;
	int32_t last;

	*state = COROUTINE_ENDED;
	if (!frame)
		return 0;
	if (memory_read(m, from + p->layout.n_state, &value, sizeof(value)) ||
	    next_of_old(m, p, frame, &last, &next))
		return -EFAULT;
	if (p->layout.minor == 10) /* created, suspended, executing, ... */
		*state = value == -2   ? COROUTINE_NEW
			 : value == -1 ? COROUTINE_WAITS
			 : value == 0  ? COROUTINE_RUNS
				       : COROUTINE_ENDED;
	else
		*state = value ? COROUTINE_RUNS : last < 0 ? COROUTINE_NEW : COROUTINE_WAITS;
	*awaits = *state == COROUTINE_WAITS && next == YIELD_FROM;
	return 0;
}

/* 3.11 and 3.12 have no state of their own for it. */
static bool awaits_by_code(struct memory *m, const struct python *p, uint64_t frame)
{
	uint8_t next[2];
	uint64_t at;

	if (memory_read(m, frame + p->layout.f_where, &at, sizeof(at)) ||
	    memory_read(m, at + 2, next, sizeof(next)))
		return false;
	return (next[0] == RESUME || (next[0] == RESUME_QUICK && p->layout.minor == 11) ||
		(next[0] == INSTRUMENTED_RESUME && p->layout.minor == 12)) &&
	       next[1] >= RESUME_AWAITED;
}

/*
 * How far it is, and whether it awaits another one. From 3.11 on: created, suspended, from 3.13
 * on suspended and awaiting, in 3.15 the same two with a lock, executing, ...
 */
static int state_of(struct memory *m, const struct python *p, uint64_t coroutine, uint64_t frame,
		    enum coroutine_state *state, bool *awaits)
{
	uint32_t minor = p->layout.minor;
	int first = minor < 13 ? -2 : minor < 15 ? -3 : 0;
	int locked = minor >= 15, runs = first + 2 + (minor >= 13) + locked;
	int8_t value;

	*awaits = false;
	if (minor < 11)
		return old_state(m, p, coroutine, frame, state, awaits);
	if (memory_read(m, coroutine + p->layout.n_state, &value, sizeof(value)) || value < first ||
	    value > first + 7)
		return -EFAULT;
	*state = value == first  ? COROUTINE_NEW
		 : value < runs  ? COROUTINE_WAITS
		 : value == runs ? COROUTINE_RUNS
				 : COROUTINE_ENDED;
	*awaits = *state == COROUTINE_WAITS &&
		  (minor < 13 ? awaits_by_code(m, p, frame)
			      : value >= first + 2 && value <= first + 2 + locked);
	return 0;
}

/* What an object that is awaited stands for: itself, or the generator behind it; 0: neither. */
static uint64_t generator_of(struct memory *m, uint64_t at)
{
	static const char *const own[] = { "coroutine", "generator", "async_generator" };
	static const char *const behind[] = { "coroutine_wrapper", "async_generator_asend",
					      "async_generator_athrow", "anext_awaitable" };
	struct object_type type;

	for (int depth = 0; depth < 8; depth++) {
		bool found = false;

		if (!at || object_type(m, at, &type))
			return 0;
		for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
			if (object_is(&type, own[i]))
				return at;
		}
		for (size_t i = 0; i < sizeof(behind) / sizeof(behind[0]); i++)
			found |= object_is(&type, behind[i]);
		if (!found || memory_read(m, at + OBJECT_REST, &at, sizeof(at)))
			return 0;
	}
	return 0;
}

/* Where the values of a frame end, the last of which is what it awaits; 0: not known. */
static uint64_t values_end(struct memory *m, const struct python *p, uint64_t frame)
{
	const struct python_layout *l = &p->layout;
	uint64_t end = frame + l->f_locals;
	int32_t n;

	if (l->minor < 10 || l->minor > 13)
		return memory_read(m, frame + l->f_stack, &end, sizeof(end)) ? 0 : end;
	if (memory_read(m, frame + l->f_stack, &n, sizeof(n)) || n < 1 || n > VALUES_MAX ||
	    (l->f_values && memory_read(m, frame + l->f_values, &end, sizeof(end))))
		return 0;
	return end + (uint64_t)n * 8;
}

/* What a coroutine awaits; from 3.15 on one more value stands above it. */
static uint64_t awaited(struct memory *m, const struct python *p, uint64_t frame)
{
	uint64_t end = values_end(m, p, frame), at;

	if (!end || memory_read(m, end - (p->layout.minor < 15 ? 8 : 16), &at, sizeof(at)))
		return 0;
	return generator_of(m, at & ~UINT64_C(3));
}

int coroutine_awaiting(struct memory *m, const struct python *p, uint64_t coroutine,
		       enum coroutine_state *state, struct python_frames *out)
{
	static uint64_t chain[FRAMES_SHOWN];
	bool awaits = true;
	int n = 0, err = 0;

	if (generator_of(m, coroutine) != coroutine)
		return -ENOENT;
	for (uint64_t at = coroutine; at && awaits; at = awaited(m, p, chain[n - 1])) {
		enum coroutine_state now;
		uint64_t frame;

		if (frame_of(m, p, at, &frame) || state_of(m, p, at, frame, &now, &awaits))
			return -EFAULT;
		if (at == coroutine)
			*state = now;
		if (now > COROUTINE_WAITS)
			break;
		if (n == FRAMES_SHOWN)
			return -ELOOP;
		chain[n++] = frame;
	}
	while (!err && n--)
		err = python_frames_add(m, p, chain[n], out);
	return err;
}
