// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 235: where threads wait, and what for.
 */
#include <inttypes.h>
#include <stddef.h>

#include "collect/bpf_stints.h"

struct waits {
	bool looked; /* at the threads that were there when attaching ended */
	struct nodes_sent nodes;
};

static void lines(FILE *f, const struct bpf_loaded *l, const struct bpf_settings *settings)
{
	struct stint_tables *t = l->tables;
	struct waits *w = l->state;
	size_t n = bpf_used(&t->n_rows, STINT_ROWS);

	stints_count(t);
	for (size_t i = 1; i <= n; i++) {
		const struct stint_row *row = stints_row(t, i);

		if (!row)
			continue;
		fprintf(f,
			"off\t%" PRIu32 "\t%" PRIu32 "\t%" PRIu32 "\t%" PRIu64 "\t%" PRIu64
			"\t%" PRIu64 "\t%" PRIu64 "\t%" PRId64 "\t%" PRIu32 "\n",
			row->where, row->what >> CAUSE_BITS, row->what & ((1U << CAUSE_BITS) - 1),
			row->begun, row->ended, row->ns, row->more, stints_longest(t, i), row->who);
	}
	for (int kind = 0; kind < STINT_TIMES; kind++) {
		for (int i = 0; i < HISTOGRAM_BUCKETS; i++) {
			if (t->times[kind][i])
				fprintf(f, "offtime\t%d\t%d\t%" PRIu64 "\n", kind, i,
					t->times[kind][i]);
		}
	}
	stints_nodes(f, l, &w->nodes, settings->why);
	if (!w->looked)
		bpf_look(l, "look_at");
	w->looked = true;
}

const struct bpf_module bpf_offcpu = { .name = "offcpu",
				       .size = sizeof(struct stint_tables),
				       .n_names = offsetof(struct stint_tables, n_names),
				       .names = offsetof(struct stint_tables, names),
				       .name_room = WALK_NAMES,
				       .python = true,
				       .state_size = sizeof(struct waits),
				       .configure = stacks_configure_here,
				       .lines = lines };
