/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table: a page's rows, typed, ready to be drawn. A page makes one table; text
 * and JSON are two drawings of it. Data only.
 */
#ifndef TELETAP_TABLE_H
#define TELETAP_TABLE_H

#include <stdbool.h>
#include <stdint.h>

enum unit {
	UNIT_NUMBER, /* a name made of digits */
	UNIT_COUNT,
	UNIT_NS,    /* a time: integer nanoseconds in JSON */
	UNIT_SHARE, /* a fraction of 1 */
};

/* Which of the two blocks of a text page a column is in. */
enum block {
	BLOCK_NONE = 0, /* JSON only */
	BLOCK_INTERVAL = 1,
	BLOCK_TOTAL = 2,
	BLOCK_BOTH = 3,
};

struct column {
	const char *key;  /* in JSON; "a.b" is b inside the object a */
	const char *head; /* over the text column */
	int width;
	enum unit unit;
	enum block block;
};

union cell {
	int64_t number; /* UNIT_NUMBER, UNIT_COUNT, UNIT_NS */
	double share;
};

#define TABLE_COLUMNS 16
#define TABLE_ROWS 64

struct table {
	const struct column *columns;
	int n_columns;
	int n_rows;
	union cell cells[TABLE_ROWS][TABLE_COLUMNS];
	const char *note; /* what a reader must know to trust the figures; NULL: nothing */
};

#endif
