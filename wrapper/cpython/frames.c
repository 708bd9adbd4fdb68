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

int python_frames_until(struct memory *m, const struct python *p, uint64_t thread, uint64_t last,
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
	return python_frames_until(m, p, thread, 0, out);
}

int python_frames_add(struct memory *m, const struct python *p, uint64_t at,
		      struct python_frames *out)
{
	struct raw_frame f;
	int err = read_frame(m, p, at, &f);

	return err ? err : add_frame(m, p, at, &f, out);
}
