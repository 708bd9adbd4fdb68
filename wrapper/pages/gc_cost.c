// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 213, gc-cost: one row per generation, and one for all that went on outside of
 * collections.
 */
#include "pages/page.h"
#include "pages/split.h"
#include "pages/stack_frames.h"

#define INTERVAL(key, head, width, unit)                                                           \
	{                                                                                          \
		key, head, width, unit, BLOCK_INTERVAL                                             \
	}
#define TOTAL(key, head, width, unit)                                                              \
	{                                                                                          \
		key "_total", head, width, unit, BLOCK_TOTAL                                       \
	}
#define BOTH(...) INTERVAL(__VA_ARGS__), TOTAL(__VA_ARGS__)

/* Each field of LINE_COST but the first for the interval and since attaching. */
static const struct column columns[] = {
	{ "generation", "gen", 3, UNIT_NUMBER, BLOCK_BOTH },
	BY_PID_COLUMN,
	BY_TID_COLUMN,
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

#define PID 1
#define TID 2
#define AT(field) (1 + 2 * (field)) /* of its interval; behind it that since attaching */

#define EXITS_UNTOLD 5 /* state of the record "stacks": by the extension's markers */
#define GC_GENERATIONS 3
#define GC_COST_ROWS 30 /* of a block of a text page that is split */
#define N_COLUMNS (sizeof(columns) / sizeof(columns[0]))

static void set(struct cell *cells, int pair, const struct record *r, int field)
{
	cells[AT(pair)] = (struct cell){ .number = record_delta(r, field) };
	cells[AT(pair) + 1] = (struct cell){ .number = record_total(r, field) };
}

static void set_unknown(struct cell *cells, int pair)
{
	cells[AT(pair)].unknown = cells[AT(pair) + 1].unknown = true;
}

/* By a collector that has no probe where pages are copied. */
static bool is_uncopied(const struct state *s)
{
	return record_now(state_first(s, LINE_UNCOPIED), UNCOPIED_UNCOPIED);
}

static void fill_generation(const struct state *s, struct table *t, int generation, int64_t who,
			    bool exits_known)
{
	const struct record *r = state_find_of(s, LINE_COST, generation, who);
	struct cell *c = table_row(t);

	if (!c)
		return;
	by_set(s, &c[PID], &c[TID], who);
	c[COST_GENERATION].number = generation;
	for (int i = COST_RUNS; i < COST_WHO; i++)
		set(c, i, r, i);
	if (is_uncopied(s)) {
		set_unknown(c, COST_COPIED);
		set_unknown(c, COST_FORKED_COPIED);
	}
	if (!exits_known) {
		set_unknown(c, COST_ENDING_RUNS);
		set_unknown(c, COST_ENDING_NS);
	}
}

static void fill_outside(const struct state *s, struct table *t)
{
	const struct record *r = state_first(s, LINE_OUTSIDE);
	struct cell *c = table_row(t);

	if (!c)
		return;
	for (size_t i = 0; i < N_COLUMNS; i++)
		c[i].unknown = true;
	set(c, COST_MINOR, r, OUTSIDE_MINOR);
	set(c, COST_MAJOR, r, OUTSIDE_MAJOR);
	if (!is_uncopied(s))
		set(c, COST_COPIED, r, OUTSIDE_COPIED);
}

void page_gc_cost_fill(const struct state *s, struct table *t)
{
	size_t at = 0;
	int64_t state = record_now(state_first(s, LINE_STACKS), STACKS_STATE), who;
	enum by by;

	table_begin(t, columns, (int)N_COLUMNS);
	by = by_begin(s, t, PID, TID);
	if (by) {
		t->untold |= UINT64_C(3) << AT(COST_MAJOR);
		t->by_interval = AT(COST_MINOR);
		t->by_total = AT(COST_MINOR) + 1;
		t->text_rows = GC_COST_ROWS;
	}
	at = 0;
	while (by_each(s, &at, &who)) {
		for (int g = 0; g < GC_GENERATIONS; g++)
			fill_generation(s, t, g, who, !state);
	}
	fill_outside(s, t);
	if (state)
		table_note(t, "collections at exit are not known: %s",
			   state == EXITS_UNTOLD ? "the extension is not told of all; what the "
						   "others cost is in the row without a generation"
						 : stack_why(state));
	if (is_uncopied(s))
		table_note(t, "copied pages are not known by BPF programs%s",
			   state == EXITS_UNTOLD ? "" : ": '--collector stap' counts them");
	table_note(t,
		   "the row without a generation is what went on outside of collections, in "
		   "processes that have collected%s",
		   by ? "; it is that of all of them" : "");
}
