// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 213, gc-cost: one row per generation, and one for all that went on outside of
 * collections.
 */
#include "page.h"

/* clang-format off */
enum {
	GENERATION, RUNS, FAULTS, MAJOR, COPIED, FORKED_RUNS, FORKED_NS, FORKED_COPIED, EXIT_RUNS,
	EXIT_NS, N_PAIRS
};
/* clang-format on */

#define INTERVAL(key, head, width, unit)                                                           \
	{                                                                                          \
		key, head, width, unit, BLOCK_INTERVAL                                             \
	}
#define TOTAL(key, head, width, unit)                                                              \
	{                                                                                          \
		key "_total", head, width, unit, BLOCK_TOTAL                                       \
	}
#define BOTH(...) INTERVAL(__VA_ARGS__), TOTAL(__VA_ARGS__)

/* Each but the first for the interval and since attaching: at 2 * field - 1 and after it. */
static const struct column columns[] = {
	{ "generation", "gen", 3, UNIT_NUMBER, BLOCK_BOTH },
	BOTH("runs", "runs", 8, UNIT_COUNT),
	BOTH("faults", "faults", 9, UNIT_COUNT),
	BOTH("faults_major", "major", 7, UNIT_COUNT),
	BOTH("copied", "copied", 9, UNIT_COUNT),
	BOTH("forked_runs", "forked", 8, UNIT_COUNT),
	BOTH("forked_pause_ns", "paused", 9, UNIT_NS),
	BOTH("forked_copied", "copied", 8, UNIT_COUNT),
	BOTH("exit_runs", "exit", 7, UNIT_COUNT),
	BOTH("exit_pause_ns", "paused", 9, UNIT_NS),
};

#define GC_GENERATIONS 3
#define N_COLUMNS (sizeof(columns) / sizeof(columns[0]))

static void set(struct cell *cells, int column, const struct record *r, int field)
{
	cells[2 * column - 1].number = record_delta(r, field);
	cells[2 * column].number = record_total(r, field);
}

static void set_unknown(struct cell *cells, int column)
{
	cells[2 * column - 1].unknown = cells[2 * column].unknown = true;
}

void page_gc_cost_fill(const struct state *s, struct table *t)
{
	const struct record *outside;
	struct cell *c;
	size_t at = 0;

	table_begin(t, columns, (int)N_COLUMNS);
	for (int g = 0; g < GC_GENERATIONS; g++) {
		const struct record *r = state_find(s, LINE_COST, g);

		c = table_row(t);
		if (!c)
			return;
		c[GENERATION].number = g;
		for (int i = RUNS; i < N_PAIRS; i++)
			set(c, i, r, i);
	}
	c = table_row(t);
	outside = state_each(s, LINE_OUTSIDE, &at);
	if (!c)
		return;
	c[GENERATION].unknown = true;
	for (int i = RUNS; i < N_PAIRS; i++)
		set_unknown(c, i);
	for (int i = FAULTS; i <= COPIED; i++) {
		c[2 * i - 1].unknown = c[2 * i].unknown = false;
		set(c, i, outside, i - FAULTS);
	}
	table_note(t, "the row without a generation is what went on outside of collections, in "
		      "processes that have collected");
}
