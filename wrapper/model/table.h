/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table: a page's rows, typed, ready to be drawn. A page makes one table; text
 * and JSON are two drawings of it.
 */
#ifndef TELETAP_MODEL_TABLE_H
#define TELETAP_MODEL_TABLE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum unit {
	UNIT_NUMBER, /* a name made of digits */
	UNIT_COUNT,
	UNIT_BYTES,
	UNIT_NS,    /* a time: integer nanoseconds in JSON */
	UNIT_SHARE, /* a fraction of 1 */
	UNIT_BAR,   /* a fraction of 1, drawn as a bar of the column's width */
	UNIT_BOOL,
	UNIT_TIME,    /* nanoseconds since 1970; the time of day in text */
	UNIT_TEXT,    /* left-aligned; too long: its beginning is kept */
	UNIT_VERDICT, /* likewise: OK, WARN or FAIL */
	UNIT_PATH,    /* likewise; too long: its end is kept */
	UNIT_NAMES,   /* texts; JSON only */
	UNIT_STACK,   /* frames, innermost first; in text on lines of their own below the row */
};

/* Which of the two blocks of a text page a column is in. */
enum block {
	BLOCK_NONE = 0, /* JSON only */
	BLOCK_INTERVAL = 1,
	BLOCK_TOTAL = 2,
	BLOCK_BOTH = 3,
};

struct column {
	const char *key;  /* in JSON; "a.b" is b inside the object a; NULL: text only */
	const char *head; /* over the text column */
	int width;        /* 0 for the last text of a line: what is left of it */
	enum unit unit;
	enum block block;
};

struct local {
	const char *name, *value;
};

struct frame {
	const char *function, *file;
	int64_t line;               /* -1: it has none */
	const struct local *locals; /* NULL: nobody asked for them */
	int n_locals;
};

struct stack {
	int n;
	struct frame frames[];
};

struct names {
	int n;
	const char *list[];
};

struct cell {
	union {
		int64_t number; /* all units but those below */
		double share;   /* UNIT_SHARE, UNIT_BAR */
		const char *text;
		const struct stack *stack;
		const struct names *names;
	};
	bool unknown; /* null in JSON, - in text */
};

#define TABLE_NOTES 16

struct table {
	const struct column *columns;
	int n_columns;
	int n_rows;
	/* Bits of columns, of the first 64: not on this page; in its JSON only. */
	uint64_t hidden, untold;
	/*
	 * A block of a text page is sorted by this column, largest first, and rows that
	 * have 0 there are left out; -1: all rows, as they come. JSON has all rows,
	 * sorted by by_interval.
	 */
	int by_interval, by_total;
	int text_rows;                  /* a block of a text page has no more; 0: no limit */
	int text_frames;                /* likewise of a stack; 0: the usual number */
	const char *second;             /* over the second block; NULL: the usual words */
	const char *empty;              /* instead of a block without rows; NULL: its heads */
	const char *notes[TABLE_NOTES]; /* what a reader must know to trust the figures */
	int n_notes;

	struct cell *cells;
	int room;
	struct table_memory *memory;
};

/* Makes t an empty table with these columns. */
void table_begin(struct table *t, const struct column *columns, int n_columns);

/* Whether the page has this column, in JSON; in text. */
bool table_has(const struct table *t, int column);
bool table_tells(const struct table *t, int column);

/* A new row, its cells 0 or unknown where they are texts and stacks; NULL: out of memory. */
struct cell *table_row(struct table *t);

/* Likewise, with its first n cells unknown. */
struct cell *table_row_unknown(struct table *t, int n);

/* A number, not known when it is negative; a text, not known when it is empty. */
void cell_set(struct cell *c, int64_t number);
void cell_set_text(struct cell *c, const char *text);

/* A text that lives as long as the table; "" when out of memory. */
const char *table_text(struct table *t, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* "1 thread", "2 threads": a number of what a noun in the singular names; likewise. */
const char *table_count(struct table *t, int64_t n, const char *noun);

/* Room for a stack of n frames that lives as long as the table; NULL: out of memory. */
struct stack *table_stack(struct table *t, int n);

/* Likewise for n texts, and for so many bytes. */
struct names *table_names(struct table *t, int n);
void *table_keep(struct table *t, size_t size);

/* Adds a note: a sentence without its full stop. */
void table_note(struct table *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The rows in the order of a column (-1: as they came); to be freed. NULL: out of memory. */
int *table_order(const struct table *t, int by);

void table_free(struct table *t);

#endif
