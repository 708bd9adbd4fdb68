/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * objects: the address of a Python object -> its type, its text, its number. Nothing that is
 * read is believed; nothing of the target is called.
 */
#ifndef TELETAP_CPYTHON_OBJECTS_H
#define TELETAP_CPYTHON_OBJECTS_H

#include "cpython/process.h"

#define OBJECT_TEXT 400 /* bytes of a string; the rest is left out */
#define OBJECT_TYPE 64  /* bytes of a type's name, likewise */

/* Where objects keep what, in all versions: Include/cpython, and Objects/setobject.c. */
enum {
	OBJECT_KIND = 8,  /* its type */
	OBJECT_SIZE = 16, /* of tuples, lists and bytes: how many; of int to 3.11 */
	OBJECT_REST = 16, /* what follows the head of others */
	INT_DIGITS = 24,
	LIST_ITEMS = 24,
	SET_USED = 24,
	SET_MASK = 32,
	SET_TABLE = 40,
};

struct object_type {
	bool builtin; /* static, and as such no class of the program */
	char name[OBJECT_TYPE + 4];
};

/* The type of an object. Returns 0, or -errno: there is no object. */
int object_type(struct memory *m, uint64_t at, struct object_type *type);

/* Whether it is of the type of this name that is built in. */
bool object_is(const struct object_type *type, const char *name);

/* A string as UTF-8, its beginning and "..." when it is long. Returns 0, or -errno. */
int object_text(struct memory *m, const struct python *p, uint64_t at, char out[OBJECT_TEXT + 4]);

/* An int: its amount and its sign. Returns 0; -ERANGE: it has more than 64 bits; -errno. */
int object_int(struct memory *m, const struct python *p, uint64_t at, uint64_t *amount,
	       bool *negative);

#endif
