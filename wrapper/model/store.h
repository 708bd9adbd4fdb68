/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store: the records of a collector, found by their keys. Pure, bounded. state.c decides
 * which of them count when.
 */
#ifndef TELETAP_MODEL_STORE_H
#define TELETAP_MODEL_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/line.h"

#define STORE_RECORDS 100000          /* more are not kept */
#define STORE_TEXT (64 * 1024 * 1024) /* bytes of text, likewise */

/* A field of a record, in the snapshots that matter. */
struct field {
	int64_t now;
	int64_t before, first; /* of a sum; 0 where the record was not there yet */
	int64_t next;
	char *text, *next_text; /* of a text */
};

struct record {
	enum line_kind kind;
	bool present;  /* in the current snapshot */
	int64_t stamp; /* of the snapshot it was last read in */
	uint32_t hash;
	struct field field[];
};

struct store {
	struct record **list; /* in the order in which they came */
	uint32_t *index;      /* a hash table: 1 + place in list; 0: free */
	size_t n, n_index, text_bytes;
};

/* Finds the record with the keys of this line; NULL: there is none. */
struct record *store_find(const struct store *all, const struct line *line);

/* Adds a record with the keys of this line, everything else 0; NULL: no room. */
struct record *store_add(struct store *all, const struct line *line);

/* Copies a text, whose bytes count towards STORE_TEXT; NULL: no room. */
char *store_text(struct store *all, const char *text);

/* Frees such a copy and sets *text to NULL, which it may be before. */
void store_text_free(struct store *all, char **text);

/* Removes the records that were not read in this snapshot; dictionaries stay. */
void store_sweep(struct store *all, int64_t stamp);

/* Frees all memory. */
void store_free(struct store *all);

/* The types of the record's fields, a letter each: see struct line_grammar. */
const char *record_fields(const struct record *r);

/* The record's owner, a number of LINE_WHO; 0: the figures are not split. */
int64_t record_who(const struct record *r);

/*
 * A field's number as it was sent; the growth of a sum in the interval; and since
 * attaching. field: its name from records.def, such as GC_RUNS. 0 for r == NULL.
 */
int64_t record_now(const struct record *r, int field);
int64_t record_delta(const struct record *r, int field);
int64_t record_total(const struct record *r, int field);

/* A field's text; "" for r == NULL. */
const char *record_text(const struct record *r, int field);

#endif
