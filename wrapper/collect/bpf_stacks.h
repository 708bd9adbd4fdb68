/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bpf_stacks: Python stacks of BPF programs -> numbers and lines, as modules print them.
 */
#ifndef TELETAP_COLLECT_BPF_STACKS_H
#define TELETAP_COLLECT_BPF_STACKS_H

#include <stdio.h>

#include "bpf/stack.h"
#include "module/plan.h"

#define STACKS_NODES 32768

/* A stack is a node of a tree: its name, and the node of the frames that called it. */
struct stacks_node {
	uint32_t parent, name;
};

struct stacks {
	uint32_t n, sent;
	struct stacks_node nodes[STACKS_NODES]; /* number N is at N - 1 */
	uint32_t slots[2 * STACKS_NODES];
	bool ends_sent;
};

/*
 * Tells the programs where the plan's CPython has what their stacks need. Returns why they
 * cannot be read, as the record "stacks" has it, or 0.
 */
int stacks_configure(const struct plan *plan, struct config *config);

/* The same for programs at events of the kernel, with where the plan's file has its code. */
int stacks_configure_here(const struct plan *plan, struct config *config);

/* The number of a stack; 0: it has no frame, or there is no room, which *full counts. */
uint32_t stacks_number(struct stacks *s, const struct walked *stack, uint64_t *full);

/* Prints the sums alone, of a program that keeps no stacks. */
void stacks_sums_line(FILE *f, const struct walk_sums *sums, int why);

/* Prints what is new of the nodes, and the sums. */
void stacks_lines(FILE *f, struct stacks *s, const struct walk_sums *sums, int why);

/* The nodes of programs that number stacks themselves, and which of them are printed. */
struct nodes {
	const uint64_t *used;
	const struct stack_node *list;
	const struct walk_sums *sums;
};

struct nodes_sent {
	bool sent[STACK_NODES + 1], ends_sent;
};

void nodes_lines(FILE *f, struct nodes_sent *s, const struct nodes *n, int why);

#endif
