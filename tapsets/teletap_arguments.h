/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The arguments of audit events as text: str, bytes, int, and tuples and lists of them.
 */
#ifndef TELETAP_ARGUMENTS_H
#define TELETAP_ARGUMENTS_H

#include "teletap_cpython.h"
#include "teletap_text.h"
#include "teletap_word.h"

/*
 * Where things lie, x86-64, builds with a GIL; seen in 3.9.2, 3.11.2, 3.13, 3.14.8 and
 * 3.15.0, and in Include/cpython/object.h, tupleobject.h, listobject.h, longintrepr.h.
 * A tuple keeps its hash from 3.14 on; an int has its size and sign in one word from
 * 3.12 on.
 */
#define TELETAP_OBJECT_TYPE 8
#define TELETAP_OBJECT_SIZE 16 /* of those that have one */
#define TELETAP_OBJECT_DATA 24 /* of an int; a list's is a pointer */
#define TELETAP_BYTES_DATA 32
#define TELETAP_TYPE_NAME 24
#define TELETAP_TYPE_FLAGS 168
#define TELETAP_OBJECT_ITEMS 32  /* of a tuple or list; more are "..." */
#define TELETAP_OBJECT_LIST 8192 /* a list that is longer is none */

enum { /* Py_TPFLAGS_..._SUBCLASS */
       TELETAP_IS_INT = 1 << 24,
       TELETAP_IS_LIST = 1 << 25,
       TELETAP_IS_TUPLE = 1 << 26,
       TELETAP_IS_BYTES = 1 << 27,
       TELETAP_IS_STR = 1 << 28,
};

struct teletap_text {
	char *out;
	int len, room;
	bool cut;
};

static void teletap_text_add(struct teletap_text *t, const char *text)
{
	int len = strlen(text);

	if (len > t->room - t->len) {
		t->cut = true;
		return;
	}
	memcpy(t->out + t->len, text, len);
	t->len += len;
}

/* The type of an object; its flags. */
static u64 teletap_object_flags(u64 object, u64 *type)
{
	*type = teletap_python_u64(object + TELETAP_OBJECT_TYPE);
	return *type ? teletap_python_u64(*type + TELETAP_TYPE_FLAGS) : 0;
}

/* How many items a tuple or list has; *items: where their addresses are. -1: neither. */
static int teletap_object_list(u64 object, u64 *items)
{
	u64 type, flags = teletap_object_flags(object, &type), size;

	if (flags & TELETAP_IS_TUPLE)
		*items = object + (PY(minor) >= 14 ? 32 : 24);
	else if (flags & TELETAP_IS_LIST)
		*items = teletap_python_u64(object + TELETAP_OBJECT_DATA);
	else
		return -1;
	size = teletap_python_u64(object + TELETAP_OBJECT_SIZE);
	return size <= TELETAP_OBJECT_LIST ? size : -1;
}

/* An int of up to 60 bits; false: it is larger. */
static bool teletap_object_int(u64 object, s64 *value)
{
	u64 size = teletap_python_u64(object + TELETAP_OBJECT_SIZE);
	u32 digits[2] = { 0, 0 };
	bool negative;

	if (PY(minor) >= 12) {
		negative = (size & 3) == 2;
		size >>= 3;
	} else {
		negative = (s64)size < 0;
		size = negative ? -size : size;
	}
	if (size > 2 ||
	    !teletap_python_read(digits, object + TELETAP_OBJECT_DATA, 4 * (size ? size : 1)))
		return false;
	*value = size ? (s64)digits[0] | (s64)(size == 2 ? digits[1] : 0) << 30 : 0;
	if (negative)
		*value = -*value;
	return true;
}

/* Adds one object; what is none of the above as its type, in <>. */
static void teletap_object_plain(struct teletap_text *t, u64 object)
{
	u64 type, flags = teletap_object_flags(object, &type), size;
	char number[24], name[40];
	int len = t->room - t->len;
	s64 value;

	if (flags & TELETAP_IS_STR) {
		size = teletap_python_u64(object + TELETAP_OBJECT_SIZE);
		len = teletap_python_text(object, t->out + t->len, len);
		t->len += len < 0 ? 0 : len;
		t->cut |= size > (u64)t->room || t->room - t->len < 4;
	} else if (flags & TELETAP_IS_BYTES) {
		size = teletap_python_u64(object + TELETAP_OBJECT_SIZE);
		t->cut |= size > (u64)len;
		len = min_t(u64, size, len);
		if (teletap_python_read(t->out + t->len, object + TELETAP_BYTES_DATA, len))
			t->len += strnlen(t->out + t->len, len);
	} else if (flags & TELETAP_IS_INT && teletap_object_int(object, &value)) {
		snprintf(number, sizeof(number), "%lld", value);
		teletap_text_add(t, number);
	} else if (type && teletap_word_copy(name, teletap_python_u64(type + TELETAP_TYPE_NAME),
					     sizeof(name)) >= 0) {
		teletap_text_add(t, "<");
		teletap_text_add(t, name);
		teletap_text_add(t, ">");
	}
}

/* Adds an object, or the items of a tuple or list, with a text between them. */
static void teletap_object_text(struct teletap_text *t, u64 object, const char *between)
{
	u64 items;
	int n = teletap_object_list(object, &items), i;

	if (n < 0)
		teletap_object_plain(t, object);
	for (i = 0; i < n && !t->cut; i++) {
		if (i)
			teletap_text_add(t, between);
		if (i == TELETAP_OBJECT_ITEMS)
			t->cut = true;
		else
			teletap_object_plain(t, teletap_python_u64(items + 8 * i));
	}
}

/* An item of the argument tuple; 0: there is none. */
static u64 teletap_arguments_item(u64 items, int n, int i)
{
	return i < n ? teletap_python_u64(items + 8 * i) : 0;
}

/*
 * Writes arguments of an event as text to out, which holds room bytes, without a NUL;
 * *cut says whether there was more. Returns its length; negative: there are none. Kinds:
 *   p  the first argument
 *   o  path, mode or None, flags: the path and how it is opened
 *   r  path, arguments: the arguments, or the path where they are none
 *   a  socket, address: the address, its parts with a colon between
 */
static int teletap_arguments(char kind, u64 tuple, char *out, int room, bool *cut)
{
	static const char *const modes[] = { "r", "w", "r+", "r+" };
	struct teletap_text t = { .out = out, .room = room };
	u64 items, type, object;
	int n = teletap_object_list(tuple, &items);
	s64 flags;

	if (n < 1)
		return -ENOENT;
	switch (kind) {
	case 'o':
		teletap_object_plain(&t, teletap_arguments_item(items, n, 0));
		object = teletap_arguments_item(items, n, 1);
		teletap_text_add(&t, ", ");
		if (object && teletap_object_flags(object, &type) & TELETAP_IS_STR)
			teletap_object_plain(&t, object);
		else if (n > 2 && teletap_object_int(teletap_arguments_item(items, n, 2), &flags))
			teletap_text_add(&t, modes[flags & 3]);
		break;
	case 'r':
	case 'a':
		object = teletap_arguments_item(items, n, 1);
		if (!object)
			return -ENOENT;
		if (kind == 'r' && teletap_object_list(object, &type) < 0)
			object = teletap_arguments_item(items, n, 0);
		teletap_object_text(&t, object, kind == 'r' ? " " : ":");
		break;
	default:
		teletap_object_plain(&t, teletap_arguments_item(items, n, 0));
	}
	*cut = t.cut;
	return t.len;
}

#endif
