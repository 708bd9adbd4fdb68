/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * audit: the tables of audit.bpf.c, as the collector reads them.
 */
#ifndef TELETAP_BPF_AUDIT_H
#define TELETAP_BPF_AUDIT_H

#include "stack.h"

#define AUDIT_EVENTS 4096
#define AUDIT_ROWS 2048
#define AUDIT_DATA 256 /* bytes of arguments that are kept */
#define AUDIT_ITEMS 32 /* of a list; more are cut */
#define AUDIT_ALIGN 4  /* of pieces */

/* How the arguments of an event are kept; the collector writes them as text. */
enum {
	AUDIT_FIRST = 1, /* the first argument */
	AUDIT_OPEN,      /* path, mode or None, flags: the path and how it is opened */
	AUDIT_RUN,       /* path, arguments: the arguments, or the path where they are none */
	AUDIT_ADDRESS,   /* socket, address: the parts of the address */
};

/* Pieces lie one behind the other. */
enum {
	PIECE_NONE,   /* of an object that could not be read */
	PIECE_TEXT,   /* a string: see struct word for width */
	PIECE_NUMBER, /* 8 bytes */
	PIECE_TYPE,   /* the name of an object's type */
};

struct audit_piece {
	uint8_t kind, width;
	uint16_t size; /* bytes behind it, which are then filled up to AUDIT_ALIGN */
};

/* An event, where it was raised, and with what. */
struct audit_key {
	uint32_t who, event, function; /* names; function 0: not known */
	uint16_t used;                 /* bytes of data */
	uint8_t kind, cut;             /* cut: there was more */
	char data[AUDIT_DATA];
};

struct audit_row {
	uint64_t ready, count;
	struct audit_key key;
};

/* Events of a name by one process or thread; ready: who and name are written. */
struct audit_event {
	uint64_t ready, count;
	uint32_t who, name;
};

struct audit_tables {
	struct totals totals;
	struct walk_sums stacks;
	uint64_t n_names;
	struct name_entry names[WALK_NAMES + 1];
	uint64_t n_events;
	struct audit_event events[AUDIT_EVENTS + 1];
	uint64_t n_rows;
	struct audit_row rows[AUDIT_ROWS + 1];
};

#endif
