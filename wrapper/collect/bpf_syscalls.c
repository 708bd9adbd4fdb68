// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 233: system calls by Python function.
 */
#include <inttypes.h>
#include <stddef.h>

#include "collect/bpf_stints.h"

static void row_line(FILE *f, struct stint_tables *t, size_t number)
{
	const struct stint_row *row = stints_row(t, number);
	uint32_t call = row ? row->what & ((1U << CALL_BITS) - 1) : 0;

	if (!row)
		return;
	if (row->what & CALL_ERROR)
		fprintf(f,
			"failed\t%" PRIu32 "\t%" PRIu32 "\t%" PRIu32 "\t%" PRIu64 "\t%" PRIu32 "\n",
			row->where, call, (row->what & ~CALL_ERROR) >> CALL_BITS, row->begun,
			row->who);
	else
		fprintf(f,
			"syscall\t%" PRIu32 "\t%" PRIu32 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64
			"\t%" PRIu64 "\t%" PRId64 "\t%" PRIu32 "\n",
			row->where, call, row->begun, row->ended, row->more, row->ns,
			stints_longest(t, number), row->who);
}

static void lines(FILE *f, const struct bpf_loaded *l, const struct bpf_settings *settings)
{
	struct stint_tables *t = l->tables;
	size_t n = bpf_used(&t->n_rows, STINT_ROWS);

	stints_count(t);
	for (size_t i = 1; i <= n; i++)
		row_line(f, t, i);
	fprintf(f, "unpaired\t%" PRIu64 "\n", t->unpaired);
	stints_nodes(f, l, l->state, settings->why);
}

const struct bpf_module bpf_syscalls = { .name = "syscalls",
					 .size = sizeof(struct stint_tables),
					 .n_names = offsetof(struct stint_tables, n_names),
					 .names = offsetof(struct stint_tables, names),
					 .name_room = WALK_NAMES,
					 .python = true,
					 .state_size = sizeof(struct nodes_sent),
					 .configure = stacks_configure_here,
					 .lines = lines };
