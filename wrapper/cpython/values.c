// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sources: Include/cpython/code.h, Objects/codeobject.c (which variables a code object has),
 * Include/internal/pycore_stackref.h (from 3.14 on a variable has two bits of its own: 3 is a
 * number without an object).
 */
#include "cpython/values.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpython/dicts.h"

#define ITEMS 8 /* of a tuple, list or dict */
#define DEPTH 2
#define BYTES 64
#define TUPLE_MAX 4096
#define ENTRIES 4096   /* of a dict, deleted ones included; more are not looked at */
#define KIND_CELL 0xc0 /* of a variable, from 3.11 on: in a cell, its own or another's */

struct writer {
	struct memory *m;
	const struct python *p;
	char *out; /* VALUES_TEXT + 4 */
	size_t used;
};

static void put(struct writer *w, const char *text)
{
	size_t n = strlen(text), room = VALUES_TEXT - w->used;

	if (w->used > VALUES_TEXT)
		return;
	if (n > room) {
		while (room && ((unsigned char)text[room] & 0xc0) == 0x80)
			room--; /* no half of a character */
		memcpy(w->out + w->used, text, room);
		strcpy(w->out + w->used + room, "...");
		w->used = VALUES_TEXT + 1;
		return;
	}
	memcpy(w->out + w->used, text, n + 1);
	w->used += n;
}

static void put_type(struct writer *w, const char *name)
{
	put(w, "<");
	put(w, name);
	put(w, ">");
}

static void put_int(struct writer *w, uint64_t at)
{
	uint64_t amount;
	bool negative;
	char text[32];
	int err = object_int(w->m, w->p, at, &amount, &negative);

	snprintf(text, sizeof(text), "%s%" PRIu64, negative && !err ? "-" : "", err ? 0 : amount);
	put(w, err == -ERANGE ? "<int of more than 64 bits>" : err ? "?" : text);
}

/* The shortest text that is this number. */
static void put_float(struct writer *w, uint64_t at)
{
	char text[40];
	double value;

	if (memory_read(w->m, at + OBJECT_REST, &value, sizeof(value))) {
		put(w, "?");
		return;
	}
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, value);
		if (isnan(value) || strtod(text, NULL) == value)
			break;
	}
	put(w, isnan(value) ? "nan" : text);
	if (isfinite(value) && !strpbrk(text, ".e"))
		put(w, ".0");
}

static void put_bytes(struct writer *w, uint64_t at)
{
	unsigned char bytes[BYTES];
	uint64_t size;
	char text[8];
	size_t n;

	if (memory_read(w->m, at + w->p->layout.b_size, &size, sizeof(size)) ||
	    memory_read(w->m, at + w->p->layout.b_data, bytes, n = size < BYTES ? size : BYTES)) {
		put(w, "?");
		return;
	}
	put(w, "b'");
	for (size_t i = 0; i < n; i++) {
		bool plain = bytes[i] >= ' ' && bytes[i] <= '~' && bytes[i] != '\\';

		snprintf(text, sizeof(text), plain ? "%c" : "\\x%02x", bytes[i]);
		put(w, text);
	}
	put(w, n < size ? "...'" : "'");
}

static void put_text(struct writer *w, uint64_t at)
{
	char text[OBJECT_TEXT + 4];

	if (object_text(w->m, w->p, at, text)) {
		put(w, "?");
		return;
	}
	put(w, "'");
	put(w, text);
	put(w, "'");
}

static void put_value(struct writer *w, uint64_t at, int depth);

static void put_items(struct writer *w, uint64_t items, uint64_t n, int depth)
{
	for (uint64_t i = 0; i < n && w->used <= VALUES_TEXT; i++) {
		uint64_t item;

		put(w, i ? ", " : "");
		if (i == ITEMS) {
			put(w, "...");
			return;
		}
		if (memory_read(w->m, items + i * 8, &item, sizeof(item)))
			put(w, "?");
		else
			put_value(w, item, depth + 1);
	}
}

static void put_list(struct writer *w, uint64_t at, bool tuple, int depth)
{
	uint64_t n, items = at + w->p->layout.p_items;

	if (memory_read(w->m, at + OBJECT_SIZE, &n, sizeof(n)) ||
	    (!tuple && memory_read(w->m, at + LIST_ITEMS, &items, sizeof(items)))) {
		put(w, "?");
		return;
	}
	put(w, tuple ? "(" : "[");
	put_items(w, items, n, depth);
	put(w, !tuple ? "]" : n == 1 ? ",)" : ")");
}

/* Of a dict of an object's attributes, which shares its keys with others, only that it is one. */
static void put_dict(struct writer *w, uint64_t at, int depth)
{
	uint64_t pair[2], shown = 0;
	struct dict_walk d;
	int more = 0;

	if (dict_begin(w->m, w->p, at, &d)) {
		put(w, "?");
		return;
	}
	if (d.values && d.used) {
		put_type(w, "dict");
		return;
	}
	put(w, "{");
	while (shown < d.used && w->used <= VALUES_TEXT && d.i < ENTRIES &&
	       (more = dict_next(w->m, &d, &pair[0], &pair[1])) > 0) {
		put(w, shown ? ", " : "");
		if (shown++ == ITEMS) {
			put(w, "...");
			break;
		}
		put_value(w, pair[0], depth + 1);
		put(w, ": ");
		put_value(w, pair[1], depth + 1);
	}
	if (more < 0)
		put(w, "?");
	else if (shown < d.used && d.i == ENTRIES)
		put(w, shown ? ", ..." : "...");
	put(w, "}");
}

static void put_value(struct writer *w, uint64_t at, int depth)
{
	struct object_type type;
	uint64_t amount = 0;
	bool negative;

	if (!at || object_type(w->m, at, &type))
		put(w, "?");
	else if (object_is(&type, "NoneType"))
		put(w, "None");
	else if (object_is(&type, "bool"))
		put(w, object_int(w->m, w->p, at, &amount, &negative) ? "?"
		       : amount                                       ? "True"
								      : "False");
	else if (object_is(&type, "int"))
		put_int(w, at);
	else if (object_is(&type, "float"))
		put_float(w, at);
	else if (object_is(&type, "str"))
		put_text(w, at);
	else if (object_is(&type, "bytes"))
		put_bytes(w, at);
	else if (depth < DEPTH && (object_is(&type, "tuple") || object_is(&type, "list")))
		put_list(w, at, type.name[0] == 't', depth);
	else if (depth < DEPTH && object_is(&type, "dict"))
		put_dict(w, at, depth);
	else
		put_type(w, type.name);
}

/* The value of a variable; of one in a cell, what is in it. False: it has none. */
static bool read_value(struct writer *w, uint64_t at, bool in_cell)
{
	struct object_type type;
	char number[32];

	w->used = 0;
	*w->out = '\0';
	if (w->p->layout.minor >= 14 && (at & 3) == 3) {
		snprintf(number, sizeof(number), "%" PRId64, (int64_t)at >> 2);
		put(w, number);
		return true;
	}
	at &= w->p->layout.minor >= 14 ? ~UINT64_C(3) : ~UINT64_C(0);
	if (at && in_cell && !object_type(w->m, at, &type) && object_is(&type, "cell") &&
	    memory_read(w->m, at + OBJECT_REST, &at, sizeof(at)))
		return false;
	if (at)
		put_value(w, at, 0);
	return at;
}

/* Variables of a frame whose names are in one tuple. */
struct part {
	uint64_t names, n, kinds; /* kinds: bytes, one for each; 0: all are alike */
	bool cells;
};

static int read_part(struct memory *m, const struct python *p, uint64_t at, struct part *part)
{
	if (memory_read(m, at, &part->names, sizeof(part->names)) ||
	    memory_read(m, part->names + OBJECT_SIZE, &part->n, sizeof(part->n)))
		return -EFAULT;
	part->names += p->layout.p_items;
	return part->n > TUPLE_MAX ? -EBADMSG : 0;
}

/* To 3.10 co_varnames, co_cellvars and co_freevars; then co_localsplusnames and their kinds. */
static int find_parts(struct memory *m, const struct python *p, uint64_t code, struct part parts[3])
{
	uint64_t at = code + p->layout.c_names;

	memset(parts, 0, 3 * sizeof(*parts));
	if (p->layout.minor < 11) {
		parts[1].cells = parts[2].cells = true;
		return read_part(m, p, at, &parts[0]) || read_part(m, p, at + 16, &parts[1]) ||
				       read_part(m, p, at + 8, &parts[2])
			       ? -EFAULT
			       : 0;
	}
	if (memory_read(m, at + 8, &parts[0].kinds, sizeof(parts[0].kinds)))
		return -EFAULT;
	parts[0].kinds += p->layout.b_data;
	return read_part(m, p, at, &parts[0]);
}

/* One variable. Returns 1: it has a value; 0; -errno. */
static int read_variable(struct writer *w, const struct part *part, uint64_t i, uint64_t slot,
			 char name[VALUES_NAME + 4])
{
	char text[OBJECT_TEXT + 4];
	uint64_t at, value;
	uint8_t kind = part->cells ? KIND_CELL : 0;

	if (memory_read(w->m, part->names + i * 8, &at, sizeof(at)) ||
	    object_text(w->m, w->p, at, text) || memory_read(w->m, slot, &value, sizeof(value)) ||
	    (part->kinds && memory_read(w->m, part->kinds + i, &kind, 1)))
		return -EFAULT;
	if (*text == '.') /* one that the compiler has made */
		return 0;
	snprintf(name, VALUES_NAME + 4, "%.*s%s", VALUES_NAME, text,
		 strlen(text) > VALUES_NAME ? "..." : "");
	return read_value(w, value, kind & KIND_CELL);
}

static void read_frame(struct memory *m, const struct python *p, const struct python_frames *frames,
		       int frame, struct python_values *values)
{
	uint64_t slot = frames->list[frame].at + p->layout.f_locals;
	uint64_t code = frames->codes[frames->list[frame].code].at;
	struct part parts[3];
	int shown = 0;

	if (find_parts(m, p, code, parts)) {
		values->left++;
		return;
	}
	for (int k = 0; k < 3; k++) {
		for (uint64_t i = 0; i < parts[k].n; i++, slot += 8) {
			struct python_value *v = &values->list[values->n];
			struct writer w = { .m = m, .p = p };
			int has;

			if (values->n == VALUES_MAX || shown == VALUES_OF_FRAME) {
				values->left++;
				continue;
			}
			w.out = v->value;
			v->frame = frame;
			has = read_variable(&w, &parts[k], i, slot, v->name);
			values->left += has < 0;
			values->n += has > 0;
			shown += has > 0;
		}
	}
}

void python_values_read(struct memory *m, const struct python *p,
			const struct python_frames *frames, struct python_values *values)
{
	int n = frames->n < VALUES_FRAMES ? frames->n : VALUES_FRAMES;

	values->n = 0;
	values->left = frames->n - n;
	for (int i = 0; i < n; i++)
		read_frame(m, p, frames, i, values);
}
