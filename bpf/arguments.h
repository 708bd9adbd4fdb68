/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arguments: the arguments of audit events: str, bytes, int, and tuples and lists of them, which
 * are kept as they are; the collector makes text of them.
 */
#ifndef TELETAP_BPF_ARGUMENTS_H
#define TELETAP_BPF_ARGUMENTS_H

#include "python.h"

/* Where things lie: tapsets/teletap_arguments.h has the sources. */
#define OBJECT_TYPE 8
#define OBJECT_SIZE 16 /* of those that have one */
#define OBJECT_DATA 24 /* of an int; a list's is a pointer */
#define BYTES_DATA 32
#define TYPE_NAME 24
#define TYPE_FLAGS 168
#define TYPE_LETTERS 40
#define LIST_MOST 8192 /* a list that is longer is none */

/* Py_TPFLAGS_..._SUBCLASS */
#define IS_INT (1 << 24)
#define IS_LIST (1 << 25)
#define IS_TUPLE (1 << 26)
#define IS_BYTES (1 << 27)
#define IS_STR (1 << 28)

struct arguments {
	struct walk walk;
	struct audit_key key;
	/* What is read lies within the key; the kernel's verifier sees that it lies within this. */
	char behind[AUDIT_DATA + sizeof(struct audit_piece)];
	uint64_t items;
	uint32_t n_items, unused;
};

static __always_inline uint64_t object_flags(uint64_t object, uint64_t *type)
{
	*type = object ? python_word(object + OBJECT_TYPE) : 0;
	return *type ? python_word(*type + TYPE_FLAGS) : 0;
}

/* How many items a tuple or list has; *items: where their addresses are. -1: neither. */
static __always_inline int64_t object_list(uint64_t object, uint64_t *items)
{
	uint64_t type, flags = object_flags(object, &type), size;

	*items = 0;
	if (flags & IS_TUPLE)
		*items = object + (config.python.minor >= 14 ? 32 : 24);
	else if (flags & IS_LIST)
		*items = python_word(object + OBJECT_DATA);
	else
		return -1;
	size = python_word(object + OBJECT_SIZE);
	return size <= LIST_MOST ? (int64_t)size : -1;
}

/* An int of up to 60 bits; false: it is larger. */
static __always_inline bool object_int(uint64_t object, int64_t *value)
{
	uint64_t size = python_word(object + OBJECT_SIZE);
	uint32_t digits[2] = { 0, 0 };
	bool negative;

	if (config.python.minor >= 12) {
		negative = (size & 3) == 2;
		size >>= 3;
	} else {
		negative = (int64_t)size < 0;
		size = negative ? -size : size;
	}
	if (size > 2 || (size && !python_read(digits, 4, object + OBJECT_DATA)) ||
	    (size == 2 && !python_read(&digits[1], 4, object + OBJECT_DATA + 4)))
		return false;
	*value = (int64_t)digits[0] | (int64_t)digits[1] << 30;
	if (negative)
		*value = -*value;
	return true;
}

/* Adds a piece, of so many bytes from there, or as many as have room. */
static __always_inline void piece_add(struct arguments *a, uint8_t kind, uint8_t width,
				      uint64_t from, uint64_t size)
{
	struct audit_piece piece = { .kind = kind, .width = width };
	uint64_t used = a->key.used, room;
	char *to = a->key.data + INDEX(used, AUDIT_DATA);

	if (used + sizeof(piece) > AUDIT_DATA) {
		a->key.cut = true;
		return;
	}
	room = AUDIT_DATA - sizeof(piece) - used;
	if (size > room) {
		size = room;
		a->key.cut = true;
	}
	size = INDEX(size, AUDIT_DATA);
	if (bpf_probe_read_user(to + sizeof(piece), size, (const void *)from)) {
		count(&tables.totals.unread);
		piece.kind = PIECE_NONE;
	}
	piece.size = size;
	__builtin_memcpy(to, &piece, sizeof(piece));
	a->key.used = used + sizeof(piece) + ((size + AUDIT_ALIGN - 1) & ~(AUDIT_ALIGN - 1ULL));
}

static __always_inline void number_add(struct arguments *a, int64_t value)
{
	struct audit_piece piece = { .kind = PIECE_NUMBER, .size = sizeof(value) };
	uint64_t used = a->key.used;
	char *to = a->key.data + INDEX(used, AUDIT_DATA);

	if (used + sizeof(piece) + sizeof(value) > AUDIT_DATA) {
		a->key.cut = true;
		return;
	}
	__builtin_memcpy(to, &piece, sizeof(piece));
	__builtin_memcpy(to + sizeof(piece), &value, sizeof(value));
	a->key.used = used + sizeof(piece) + sizeof(value);
}

/* Adds the name of an object's type. */
static __always_inline void type_add(struct arguments *a, uint64_t type)
{
	char name[TYPE_LETTERS];
	uint64_t from = type ? python_word(type + TYPE_NAME) : 0;
	long size = from ? bpf_probe_read_user_str(name, sizeof(name), (const void *)from) : 0;

	piece_add(a, size > 1 ? PIECE_TYPE : PIECE_NONE, 0, from, size > 1 ? size - 1 : 0);
}

/* Adds one object, as one piece; what is none of those above as its type. */
static __always_inline void object_add(struct arguments *a, uint64_t object)
{
	uint64_t type, flags = object_flags(object, &type), from = 0, size = 0;
	uint8_t kind = PIECE_NONE, width = 0;
	int64_t value;

	if (flags & IS_STR) {
		if (python_string(object, &from, &size, &width))
			kind = PIECE_TEXT;
	} else if (flags & IS_BYTES) {
		size = python_word(object + OBJECT_SIZE);
		from = object + BYTES_DATA;
		kind = PIECE_TEXT;
	} else if (flags & IS_INT && object_int(object, &value)) {
		number_add(a, value);
		return;
	} else {
		type_add(a, type);
		return;
	}
	piece_add(a, kind, width, from, kind ? size : 0);
}

/* For bpf_loop: adds an item of a list. 1: there is an end. */
static long item_add(uint32_t i, void *ctx)
{
	struct arguments *a = *(struct arguments **)ctx;

	if (i >= a->n_items)
		return 1;
	if (i >= AUDIT_ITEMS) {
		a->key.cut = true;
		return 1;
	}
	object_add(a, python_word(a->items + 8 * (uint64_t)i));
	return a->key.cut ? 1 : 0;
}

/* Adds an object, or the items of a tuple or list. */
static __always_inline void list_add(struct arguments *a, uint64_t object)
{
	int64_t n = object_list(object, &a->items);

	if (n < 0) {
		object_add(a, object);
		return;
	}
	a->n_items = n;
	bpf_loop(AUDIT_ITEMS + 1, item_add, &a, 0);
}

/* Adds how a file is opened: a mode as text, or flags as a number. */
static __always_inline void mode_add(struct arguments *a, uint64_t mode, uint64_t flags)
{
	uint64_t type;
	int64_t value;

	if (mode && object_flags(mode, &type) & IS_STR)
		object_add(a, mode);
	else if (flags && object_int(flags, &value))
		number_add(a, value);
}

/* Reads the arguments as a->key.kind has it, out of their tuple; false: there are none. */
static __always_inline bool arguments_read(struct arguments *a, uint64_t tuple)
{
	uint64_t items, own, first, second;
	int64_t n = object_list(tuple, &items);

	if (n < 1)
		return false;
	first = python_word(items);
	second = n > 1 ? python_word(items + 8) : 0;
	if (a->key.kind == AUDIT_FIRST || a->key.kind == AUDIT_OPEN) {
		object_add(a, first);
		if (a->key.kind == AUDIT_OPEN)
			mode_add(a, second, n > 2 ? python_word(items + 16) : 0);
		return true;
	}
	if (!second)
		return false;
	if (a->key.kind == AUDIT_RUN && object_list(second, &own) < 0)
		second = first;
	list_add(a, second);
	return true;
}

#endif
