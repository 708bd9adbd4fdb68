// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 210, gc: one row per generation, and process or thread. CPython's gc__done carries
 * the number of unreachable objects found, so "collected" includes the uncollectable ones.
 */
#include "pages/page.h"

#include <string.h>

#include "pages/split.h"

/* clang-format off */
enum {
	GENERATION, PID, TID, RUNS, RUNS_TOTAL, COLLECTED, COLLECTED_TOTAL, EMPTY, EMPTY_TOTAL,
	PAUSE, P50, P99, MAX, PAUSE_TOTAL, SHARE, SHARE_TOTAL, N_COLUMNS
};
/* clang-format on */

static const struct column columns[N_COLUMNS] = {
	[GENERATION] = { "generation", "gen", 3, UNIT_NUMBER, BLOCK_BOTH },
	[PID] = BY_PID_COLUMN,
	[TID] = BY_TID_COLUMN,
	[RUNS] = { "runs", "runs", 9, UNIT_COUNT, BLOCK_INTERVAL },
	[RUNS_TOTAL] = { "runs_total", "runs", 9, UNIT_COUNT, BLOCK_TOTAL },
	[COLLECTED] = { "collected", "collected", 11, UNIT_COUNT, BLOCK_INTERVAL },
	[COLLECTED_TOTAL] = { "collected_total", "collected", 11, UNIT_COUNT, BLOCK_TOTAL },
	[EMPTY] = { "empty_runs", "empty", 8, UNIT_COUNT, BLOCK_INTERVAL },
	[EMPTY_TOTAL] = { "empty_runs_total", "empty", 8, UNIT_COUNT, BLOCK_TOTAL },
	[PAUSE] = { "pause_ns.total", "paused", 10, UNIT_NS, BLOCK_INTERVAL },
	[P50] = { "pause_ns.p50", "p50", 9, UNIT_NS, BLOCK_INTERVAL },
	[P99] = { "pause_ns.p99", "p99", 9, UNIT_NS, BLOCK_INTERVAL },
	[MAX] = { "pause_ns.max", "max", 9, UNIT_NS, BLOCK_INTERVAL },
	[PAUSE_TOTAL] = { "pause_ns_total", "paused", 10, UNIT_NS, BLOCK_TOTAL },
	[SHARE] = { "share", "share", 8, UNIT_SHARE, BLOCK_INTERVAL },
	[SHARE_TOTAL] = { "share_total", "share", 35, UNIT_SHARE, BLOCK_TOTAL },
};

#define GC_GENERATIONS 3
#define GC_ROWS 30 /* of a block of a text page that is split */

static double share(int64_t ns, double seconds)
{
	return seconds > 0 ? (double)ns / 1e9 / seconds : 0;
}

static void fill_row(const struct state *s, struct table *t, int generation, int64_t who)
{
	const struct record *g = state_find_of(s, LINE_GC, generation, who);
	struct cell *c = table_row(t);
	int64_t pauses[BUCKETS];

	if (!c)
		return;
	state_buckets_of(s, LINE_PAUSE, generation, who, pauses, NULL);
	by_set(s, &c[PID], &c[TID], who);
	c[GENERATION].number = generation;
	c[RUNS].number = record_delta(g, GC_RUNS);
	c[RUNS_TOTAL].number = record_total(g, GC_RUNS);
	c[COLLECTED].number = record_delta(g, GC_FOUND);
	c[COLLECTED_TOTAL].number = record_total(g, GC_FOUND);
	c[EMPTY].number = record_delta(g, GC_EMPTY);
	c[EMPTY_TOTAL].number = record_total(g, GC_EMPTY);
	c[PAUSE].number = record_delta(g, GC_PAUSE_NS);
	c[P50].number = bucket_percentile(pauses, 0.50, record_now(g, GC_MAX_NS));
	c[P99].number = bucket_percentile(pauses, 0.99, record_now(g, GC_MAX_NS));
	c[MAX].number = record_now(g, GC_MAX_NS);
	c[PAUSE_TOTAL].number = record_total(g, GC_PAUSE_NS);
	c[SHARE].share = share(record_delta(g, GC_PAUSE_NS), state_interval_s(s));
	c[SHARE_TOTAL].share = share(record_total(g, GC_PAUSE_NS), state_attached_s(s));
}

/*
 * What CPython itself keeps, read from its memory: runs and what they found; before 3.15 no
 * pauses.
 */
static void fill_memory(const struct state *s, struct table *t, enum by by)
{
	static const int never[] = { EMPTY, EMPTY_TOTAL, P50, P99, MAX };
	static const int timed[] = { PAUSE, PAUSE_TOTAL, SHARE, SHARE_TOTAL };
	static const int interval[] = { RUNS, COLLECTED, PAUSE, SHARE };
	static const int totals[] = { RUNS_TOTAL, COLLECTED_TOTAL, PAUSE_TOTAL, SHARE_TOTAL };
	bool gone = !record_now(state_first(s, LINE_PROCS), PROCS_COUNT);
	bool times = record_now(state_first(s, LINE_TIMED), TIMED_TIMED);
	bool read = !gone;

	for (int r = 0; r < t->n_rows; r++)
		read = read || t->cells[r * t->n_columns + RUNS_TOTAL].number > 0;
	for (int r = 0; r < t->n_rows; r++) {
		struct cell *c = t->cells + r * t->n_columns;

		for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
			c[never[i]].unknown = true;
		for (size_t i = 0; i < sizeof(timed) / sizeof(timed[0]); i++)
			c[timed[i]].unknown = !times;
		for (size_t i = 0; gone && i < sizeof(interval) / sizeof(interval[0]); i++)
			c[interval[i]].unknown = true;
		for (size_t i = 0; !read && i < sizeof(totals) / sizeof(totals[0]); i++)
			c[totals[i]].unknown = true;
	}
	if (by && !times) {
		t->by_interval = RUNS;
		t->by_total = RUNS_TOTAL;
	}
	if (gone && read)
		table_note(t, "no CPython can be read any more: the totals are those of the last "
			      "time, what happened since is not known");
	else if (gone)
		table_note(t, "no CPython could be read yet, or any more: what happened meanwhile "
			      "is not known");
	table_note(t, times ? "read from the interpreter's own statistics, which keep no single "
			      "pauses and no empty runs"
			    : "read from the interpreter's own statistics, which keep no pauses "
			      "and no empty runs: what is not known is -");
	if (record_now(state_first(s, LINE_ENDED), ENDED_ENDED))
		table_note(t, "processes that have ended count as they were last seen, and those "
			      "that came and went between two looks do not count");
	if (record_now(state_first(s, LINE_PROCS), PROCS_COUNT) > 1)
		table_note(t, "processes that began after attaching count from when they were "
			      "first seen");
}

void page_gc_fill(const struct state *s, struct table *t)
{
	bool memory = collector_find(s->collector) == COLLECT_MEMORY;
	size_t at = 0;
	int64_t who;
	enum by by;

	table_begin(t, columns, N_COLUMNS);
	by = by_begin(s, t, PID, TID);
	if (by) {
		t->untold |= UINT64_C(1) << EMPTY | UINT64_C(1) << EMPTY_TOTAL;
		t->by_interval = PAUSE;
		t->by_total = PAUSE_TOTAL;
		t->text_rows = GC_ROWS;
		t->empty = "no collections";
	}
	while (by_each(s, &at, &who)) {
		for (int i = 0; i < GC_GENERATIONS; i++)
			fill_row(s, t, i, who);
	}
	if (memory)
		fill_memory(s, t, by);
	else if (!by && record_now(state_first(s, LINE_PROCS), PROCS_COUNT) > 1)
		table_note(t, "several processes: their pauses are added up, so shares can "
			      "pass 100 %%");
}
