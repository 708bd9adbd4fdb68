/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * line: bytes -> records. Pure: bounded, allocates nothing, prints nothing.
 *
 * The protocol: a collector prints one record per line, a word and its fields, separated
 * by tabs. records.def is the table of all records; docs/protocol.md is made from it, and
 * says what a reader has to know besides. Kernel modules print their lines through
 * tapsets/teletap_line.stpm only.
 */
#ifndef TELETAP_MODEL_LINE_H
#define TELETAP_MODEL_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINE_VERSION 1
#define LINE_BYTES 8192 /* a longer line is malformed */
#define LINE_FIELDS 16
#define LINE_STILL_S 5

/* clang-format off */
/* LINE_GC and so on, in the order of the table. */
enum line_kind {
#define RECORD(NAME, word, CLASS, what) LINE_##NAME,
#include "model/records.def"
	LINE_KINDS
};

/* The places of each record's fields: GC_GENERATION, GC_RUNS and so on; GC_FIELDS: how many. */
#define RECORD(NAME, word, CLASS, what) enum {
#define FIELD(NAME, FIELD, type, below, unit, what) NAME##_##FIELD,
#define RECORD_END(NAME) NAME##_FIELDS };
#include "model/records.def"
/* clang-format on */

/* WAIT and READ of a thread record. */
enum { WAIT_NONE, WAIT_CALL, WAIT_GIL, WAIT_LOCK, WAIT_PAUSE, WAIT_CHANNEL };
enum { STACK_WHOLE, STACK_TORN, STACK_FULL };

/* STATE of a task record. */
enum { TASK_RUNS, TASK_WAITS, TASK_READY, TASK_NEW, TASK_ENDS };

/* STATE of an asyncio record. */
enum { ASYNCIO_FOUND, ASYNCIO_NONE, ASYNCIO_ALIEN, ASYNCIO_OLD };

/*
 * What line_parse accepts as a record: its word, and a letter for each field:
 *   k  number, part of the record's key     K  text, part of the record's key
 *   w  likewise: the number of the owner; the last field, which may be missing, for 0
 *   s  sum since the collector started; a record with sums stays once it was sent
 *   m  largest value since the last snapshot
 *   n  any number                           t  any text
 *   o  text, which may be missing; the last field
 */
struct line_grammar {
	const char *word;
	bool dictionary;
	char fields[LINE_FIELDS + 1];
	int below[LINE_FIELDS]; /* a key is smaller than this; 0: any */
};
extern const struct line_grammar line_grammar[LINE_KINDS];

/* Numbers and strings stand in num and text by the position of their field. */
struct line {
	enum line_kind kind;
	int64_t num[LINE_FIELDS];
	const char *text[LINE_FIELDS]; /* point into the parsed buffer */
};

/*
 * Parses one line of len bytes, without its newline, in place (strings are
 * unescaped and terminated there; text[len] must be writable).
 * Returns 0; -ENOMSG for a record this version does not know; -EINVAL for a
 * malformed one; -EPROTO for a hello of another version.
 */
int line_parse(char *text, size_t len, struct line *line);

#endif
