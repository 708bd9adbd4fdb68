/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * calls: the tables of calls.bpf.c, as the collector reads them.
 */
#ifndef TELETAP_BPF_CALLS_H
#define TELETAP_BPF_CALLS_H

#include "shared.h"

#define CALL_NAMES 8192
#define CALL_ROWS 32768

/* What the user's patterns say of a name: the collector judges it when it is told of it. */
enum { NAME_NEW, NAME_ASKED, NAME_WANTED, NAME_UNWANTED };

/* Calls of a name by one process or thread. */
struct call_row {
	uint32_t who;
	uint32_t name; /* 0: not written yet */
	uint64_t calls;
};

/* A call that has ended, as programs tell each other. */
struct call_over {
	uint32_t name, depth;
	bool counts, timed; /* timed: its beginning was seen, and the rest is known */
	bool outer;         /* no other call of this name was open in the thread */
	uint64_t took_ns, child_ns;
};

struct call_tables {
	struct totals totals;
	uint64_t n_names;
	struct name_entry names[CALL_NAMES + 1];
	uint64_t calls[CALL_NAMES + 1]; /* of those that are not told apart */
	uint64_t n_rows;
	struct call_row rows[CALL_ROWS + 1];
};

#endif
