// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 223: sampled Python stacks.
 */
#include <inttypes.h>
#include <linux/perf_event.h>
#include <stddef.h>

#include "collect/bpf_stints.h"

static const struct bpf_event events[] = {
	{ "sampled", PERF_COUNT_SW_CPU_CLOCK, BPF_HZ },
	{ NULL, 0, 0 },
};

struct samples {
	bool looked; /* at the threads that were there when attaching ended */
	struct nodes_sent nodes;
};

static void lines(FILE *f, const struct bpf_loaded *l, const struct bpf_settings *settings)
{
	struct stint_tables *t = l->tables;
	size_t n = bpf_used(&t->n_rows, STINT_ROWS);
	struct samples *s = l->state;

	stints_count(t);
	for (size_t i = 1; i <= n; i++) {
		const struct stint_row *row = &t->rows[i];
		uint32_t kind = row->what >> SAMPLE_BITS;
		uint64_t samples =
			kind == SAMPLE_RUNS ? row->more : row->ns / 1000 * settings->hz / 1000000;

		if (__atomic_load_n(&row->ready, __ATOMIC_ACQUIRE) && samples)
			fprintf(f,
				"hit\t%" PRIu32 "\t%" PRIu32 "\t%" PRIu32 "\t%" PRIu32 "\t%" PRIu64
				"\n",
				row->who, row->what & ((1U << SAMPLE_BITS) - 1), row->where, kind,
				samples);
	}
	stints_nodes(f, l, &s->nodes, settings->why);
	if (!s->looked)
		bpf_look(l, "waiting_look");
	s->looked = true;
}

const struct bpf_module bpf_sampled = { .name = "stacks",
					.size = sizeof(struct stint_tables),
					.n_names = offsetof(struct stint_tables, n_names),
					.names = offsetof(struct stint_tables, names),
					.name_room = WALK_NAMES,
					.events = events,
					.python = true,
					.state_size = sizeof(struct samples),
					.configure = stacks_configure_here,
					.lines = lines };
