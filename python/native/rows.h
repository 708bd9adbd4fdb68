/* SPDX-License-Identifier: 0BSD */
/*
 * rows: code object -> its sums, for one thread. A row keeps its code object alive, so
 * that its address names no other one.
 */
#ifndef TELETAP_ROWS_H
#define TELETAP_ROWS_H

#include "native.h"

#define ROWS_MAX 8192
#define NO_ROW UINT32_MAX

struct row {
	PyObject *code;            /* ours */
	PyObject *function, *file; /* ours; NULL where the code object has the bytes itself */
	struct sum sum;
	uint32_t open; /* calls of it on the stack */
	bool muted;
	bool used; /* since the last batch */
};

struct rows {
	struct row *row;
	uint32_t *index; /* hash -> 1 + row; 0: free; twice as many as room */
	uint32_t n, room;
};

/* The code object's row; NO_ROW: it has none. */
uint32_t rows_find(const struct rows *r, const PyObject *code);

/* A new row for it, where rows_full says that there is room. */
uint32_t rows_add(struct rows *r, PyObject *code);
bool rows_full(const struct rows *r);

/*
 * Moves all rows to a table of another size, with drop those only that are open or
 * used. Returns where each has gone (to be freed; NO_ROW: given back to *dropped), or
 * NULL when out of memory.
 */
uint32_t *rows_move(struct rows *r, uint32_t room, bool drop, struct rows *dropped);

/* Gives all back. May run code of the program: of weak references, for example. */
void rows_free(struct rows *r);

/* What table_only has said. */
bool rows_muted(const struct sum *s);

#endif
