// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 210, gc: one row per generation. CPython's gc__done carries the number of
 * unreachable objects found, so "collected" includes the uncollectable ones.
 */
#include "page.h"

/* clang-format off */
enum {
	GENERATION, RUNS, RUNS_TOTAL, COLLECTED, COLLECTED_TOTAL, EMPTY, EMPTY_TOTAL,
	PAUSE, P50, P99, MAX, PAUSE_TOTAL, SHARE, SHARE_TOTAL, N_COLUMNS
};
/* clang-format on */

static const struct column columns[N_COLUMNS] = {
	[GENERATION] = { "generation", "gen", 3, UNIT_NUMBER, BLOCK_BOTH },
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

static double share(int64_t ns, double seconds)
{
	return seconds > 0 ? (double)ns / 1e9 / seconds : 0;
}

void page_gc_fill(const struct state *s, struct table *t)
{
	*t = (struct table){ .columns = columns, .n_columns = N_COLUMNS, .n_rows = GC_GENERATIONS };
	for (int i = 0; i < GC_GENERATIONS; i++) {
		const struct gc_generation *now = &s->now.gc[i], *before = &s->before.gc[i];
		const struct gc_generation *first = &s->first.gc[i];
		int64_t pause = now->pause_ns - before->pause_ns;
		int64_t pauses[BUCKETS];
		union cell *c = t->cells[i];

		for (int b = 0; b < BUCKETS; b++)
			pauses[b] = now->pauses[b] - before->pauses[b];
		c[GENERATION].number = i;
		c[RUNS].number = now->runs - before->runs;
		c[RUNS_TOTAL].number = now->runs - first->runs;
		c[COLLECTED].number = now->found - before->found;
		c[COLLECTED_TOTAL].number = now->found - first->found;
		c[EMPTY].number = now->empty - before->empty;
		c[EMPTY_TOTAL].number = now->empty - first->empty;
		c[PAUSE].number = pause;
		c[P50].number = bucket_percentile(pauses, 0.50, now->max_ns);
		c[P99].number = bucket_percentile(pauses, 0.99, now->max_ns);
		c[MAX].number = now->max_ns;
		c[PAUSE_TOTAL].number = now->pause_ns - first->pause_ns;
		c[SHARE].share = share(pause, state_interval_s(s));
		c[SHARE_TOTAL].share = share(now->pause_ns - first->pause_ns, state_attached_s(s));
	}
	if (s->now.processes > 1)
		t->note = "several processes: their pauses are added up, so shares can pass 100 %";
}
