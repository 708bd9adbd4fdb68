/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stack: a Python stack, as programs keep it.
 */
#ifndef TELETAP_BPF_STACK_H
#define TELETAP_BPF_STACK_H

#include "shared.h"

#define WALK_NAMES 4096
#define WALK_FRAMES 128 /* innermost ones that are kept */

enum { WALK_WHOLE, WALK_CUT, WALK_UNREAD, WALK_FULL };

struct walked {
	uint32_t n, end;             /* frames; STACK_...: what is behind them */
	uint32_t names[WALK_FRAMES]; /* the innermost first */
};

/* A stack as a number: its innermost name, and the node of the frames that called it. */
#define STACK_NODES 16384
struct stack_node {
	uint32_t parent;
	uint32_t name; /* 0: not written yet */
};

/* Names of what stands for frames that are not there. */
enum { NAME_CUT = WALK_NAMES + 1, NAME_UNREAD };

struct walk_sums {
	uint64_t taken, none, unread, cut;
};

/* What a walk counts and keeps, in the tables of programs that include here.h, behind totals. */
#define WALK_TABLES                                                                                \
	struct walk_sums stacks;                                                                   \
	uint64_t n_names;                                                                          \
	struct name_entry names[WALK_NAMES + 1];                                                   \
	uint64_t n_nodes;                                                                          \
	struct stack_node nodes[STACK_NODES + 1]

#endif
