// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Source: the frames of CPython, Include/internal/pycore_frame.h and pycore_interpframe.h,
 * Include/cpython/frameobject.h; how they are walked is as in Python/traceback.c.
 *
 * Frames of the interpreter itself stand between others, where C calls Python; those whose
 * execution has not begun are no frames for Python yet.
 */
#include "cpython/frames.h"

#include <errno.h>
#include <string.h>

#include "cpython/lines.h"
#include "cpython/objects.h"

#define TABLE_MAX 65536 /* bytes of a table of lines */
#define OWNER_GENERATOR 1
#define OWNER_INTERPRETER 3

/* The code object, from those that are known, or read; -errno. */
static int find_code(struct memory *m, const struct python *p, uint64_t at,
		     struct python_frames *out)
{
	const struct python_layout *l = &p->layout;
	uint64_t name, file;
	struct python_code *code;
	int err = 0;

	for (int i = out->n_codes - 1; i >= 0; i--) {
		if (out->codes[i].at == at)
			return i;
	}
	if (out->n_codes == FRAMES_CODES)
		return -ENOSPC;
	code = &out->codes[out->n_codes];
	code->at = at;
	if (memory_read(m, at + l->c_file, &file, 8) ||
	    memory_read(m, at + (l->c_qualname ? l->c_qualname : l->c_name), &name, 8) ||
	    memory_read(m, at + l->c_line, &code->first, 4) ||
	    memory_read(m, at + l->c_lines, &code->lines, 8) ||
	    memory_read(m, code->lines + l->b_size, &code->size, 8))
		return -EFAULT;
	code->lines += l->b_data;
	err = object_text(m, p, name, code->function);
	if (!err)
		err = object_text(m, p, file, code->file);
	return err ? err : out->n_codes++;
}

static int find_line(struct memory *m, const struct python *p, const struct python_code *code,
		     int64_t offset)
{
	static unsigned char table[TABLE_MAX];
	size_t size = code->size < TABLE_MAX ? code->size : TABLE_MAX;

	if (memory_read(m, code->lines, table, size))
		return LINES_NONE;
	return lines_find(p->layout.minor, table, size, code->first, offset);
}

/* What is read of a frame. */
struct raw_frame {
	uint64_t back, code, where;
	uint8_t owner;
};

static int read_frame(struct memory *m, const struct python *p, uint64_t at, struct raw_frame *f)
{
	const struct python_layout *l = &p->layout;
	int32_t last;

	*f = (struct raw_frame){ 0 };
	if (memory_read(m, at + l->f_back, &f->back, 8) ||
	    memory_read(m, at + l->f_code, &f->code, 8))
		return -EFAULT;
	if (l->minor >= 14)
		f->code &= ~UINT64_C(7);
	if (l->f_owner)
		return memory_read(m, at + l->f_owner, &f->owner, 1) ||
				       memory_read(m, at + l->f_where, &f->where, 8)
			       ? -EFAULT
			       : 0;
	if (memory_read(m, at + l->f_where, &last, 4))
		return -EFAULT;
	f->where = (uint64_t)(int64_t)last;
	return 0;
}

/* How far into its code the frame is, in bytes; -1: at its beginning; -2: not begun. */
static int progress(struct memory *m, const struct python *p, const struct raw_frame *f,
		    int64_t *offset)
{
	const struct python_layout *l = &p->layout;
	uint64_t start = f->code + l->c_start;
	int32_t traceable;

	*offset = (int64_t)f->where;
	if (!l->f_owner) {
		if (l->minor == 10 && *offset > 0)
			*offset *= 2;
		return 0;
	}
	*offset = (int64_t)(f->where - start);
	if (memory_read(m, f->code + l->c_trace, &traceable, 4))
		return -EFAULT;
	if (f->owner != OWNER_GENERATOR && *offset < 2 * (int64_t)traceable)
		return -ENODATA;
	return *offset < 0 && *offset != -2 ? -EBADMSG : 0;
}

static int add_frame(struct memory *m, const struct python *p, uint64_t at,
		     const struct raw_frame *f, struct python_frames *out)
{
	int64_t offset;
	int code, err;

	if (f->owner >= OWNER_INTERPRETER)
		return 0;
	err = progress(m, p, f, &offset);
	if (err)
		return err == -ENODATA ? 0 : err;
	if (out->n == FRAMES_SHOWN) {
		out->more++;
		return 0;
	}
	code = find_code(m, p, f->code, out);
	if (code < 0)
		return code;
	out->list[out->n].at = at;
	out->list[out->n].code = code;
	out->list[out->n++].line = find_line(m, p, &out->codes[code], offset);
	return 0;
}

/* last: the outermost frame that counts; 0: all do. */
static int walk(struct memory *m, const struct python *p, uint64_t thread, uint64_t last,
		struct python_frames *out)
{
	uint64_t at = thread;
	struct raw_frame f;
	int err;

	if (p->layout.t_cframe && memory_read(m, thread + p->layout.t_cframe, &at, sizeof(at)))
		return -EFAULT;
	if (!at)
		return 0;
	if (memory_read(m, at + p->layout.t_frame, &at, sizeof(at)))
		return -EFAULT;
	for (int i = 0; at && i < FRAMES_MAX; i++) {
		if (out->limit && out->n == out->limit) {
			out->more = 1;
			return 0;
		}
		err = read_frame(m, p, at, &f);
		if (!err)
			err = add_frame(m, p, at, &f, out);
		if (err || at == last)
			return err;
		at = f.back;
	}
	return at ? -ELOOP : last ? -ENODATA : 0;
}

int python_frames_read(struct memory *m, const struct python *p, uint64_t thread,
		       struct python_frames *out)
{
	return walk(m, p, thread, 0, out);
}

int python_frames_running(struct memory *m, const struct python *p, uint64_t thread,
			  uint64_t coroutine, struct python_frames *out)
{
	return walk(m, p, thread, coroutine + p->layout.n_frame, out);
}

/*
 * How far it is, and whether it awaits another one. Source: enum _framestate of
 * Include/internal/pycore_frame.h, 3.14.8 and 3.15.0.
 */
static int coroutine_state(struct memory *m, const struct python *p, uint64_t coroutine,
			   enum coroutine_state *state, bool *awaits)
{
	int first = p->layout.minor == 14 ? -3 : 0; /* created, suspended, awaiting, ... */
	int locked = p->layout.minor != 14;         /* ... the same with a lock, executing */
	int8_t value;

	if (memory_read(m, coroutine + p->layout.n_state, &value, sizeof(value)))
		return -EFAULT;
	*awaits = value >= first + 2 && value <= first + 2 + locked;
	*state = value == first                ? COROUTINE_NEW
		 : value == first + 1          ? COROUTINE_WAITS
		 : *awaits                     ? COROUTINE_WAITS
		 : value == first + 3 + locked ? COROUTINE_RUNS
					       : COROUTINE_ENDED;
	return value < first || value > first + 7 ? -EBADMSG : 0;
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

/* What a coroutine awaits, which is the last of its values; from 3.15 on one stands above it. */
static uint64_t awaited(struct memory *m, const struct python *p, uint64_t frame)
{
	uint64_t end, at;

	if (memory_read(m, frame + p->layout.f_stack, &end, sizeof(end)) ||
	    memory_read(m, end - (p->layout.minor == 14 ? 8 : 16), &at, sizeof(at)))
		return 0;
	return generator_of(m, at & ~UINT64_C(3));
}

int python_frames_awaiting(struct memory *m, const struct python *p, uint64_t coroutine,
			   enum coroutine_state *state, struct python_frames *out)
{
	static uint64_t chain[FRAMES_SHOWN];
	bool awaits = true;
	int n = 0, err = 0;

	if (generator_of(m, coroutine) != coroutine)
		return -ENOENT;
	for (uint64_t at = coroutine; at && awaits; at = awaited(m, p, chain[n - 1])) {
		enum coroutine_state now;

		if (coroutine_state(m, p, at, &now, &awaits))
			return -EFAULT;
		if (!n)
			*state = now;
		if (now > COROUTINE_WAITS)
			break;
		if (n == FRAMES_SHOWN)
			return -ELOOP;
		chain[n++] = at + p->layout.n_frame;
	}
	while (!err && n--) {
		struct raw_frame f;

		err = read_frame(m, p, chain[n], &f);
		if (!err)
			err = add_frame(m, p, chain[n], &f, out);
	}
	return err;
}
