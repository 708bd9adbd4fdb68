// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 221, call-times: one row per function, with the distribution of how long its
 * calls took, those into it from itself included.
 */
#include "pages/page.h"

#include <string.h>

#include "model/sum.h"
#include "pages/timing_notes.h"

/* clang-format off */
enum {
	CALLS, CALLS_TOTAL, P50, P99, MAX, TOOK,
	UNDER_10US, UNDER_100US, UNDER_1MS, UNDER_10MS, UNDER_100MS, UNDER_1S, ABOVE, TOOK_TOTAL,
	FUNCTION, LINE, FILE_NAME, N_COLUMNS
};
/* clang-format on */

static const struct column columns[N_COLUMNS] = {
	[CALLS] = { "calls", "calls", 8, UNIT_COUNT, BLOCK_INTERVAL },
	[CALLS_TOTAL] = { "calls_total", "calls", 8, UNIT_COUNT, BLOCK_TOTAL },
	[P50] = { "duration_ns.p50", "p50", 8, UNIT_NS, BLOCK_INTERVAL },
	[P99] = { "duration_ns.p99", "p99", 8, UNIT_NS, BLOCK_INTERVAL },
	[MAX] = { "duration_ns.max", "max", 8, UNIT_NS, BLOCK_INTERVAL },
	[TOOK] = { "duration_ns.total", "took", 8, UNIT_NS, BLOCK_NONE },
	[UNDER_10US] = { "histogram.under_10us", "<10us", 6, UNIT_COUNT, BLOCK_TOTAL },
	[UNDER_100US] = { "histogram.under_100us", "<100us", 7, UNIT_COUNT, BLOCK_TOTAL },
	[UNDER_1MS] = { "histogram.under_1ms", "<1ms", 6, UNIT_COUNT, BLOCK_TOTAL },
	[UNDER_10MS] = { "histogram.under_10ms", "<10ms", 6, UNIT_COUNT, BLOCK_TOTAL },
	[UNDER_100MS] = { "histogram.under_100ms", "<100ms", 7, UNIT_COUNT, BLOCK_TOTAL },
	[UNDER_1S] = { "histogram.under_1s", "<1s", 5, UNIT_COUNT, BLOCK_TOTAL },
	[ABOVE] = { "histogram.from_1s", ">1s", 5, UNIT_COUNT, BLOCK_TOTAL },
	[TOOK_TOTAL] = { "duration_ns_total", "took", 8, UNIT_NS, BLOCK_NONE },
	[FUNCTION] = { "function", "function", 22, UNIT_TEXT, BLOCK_BOTH },
	[LINE] = { "line", "line", 6, UNIT_NUMBER, BLOCK_INTERVAL },
	[FILE_NAME] = { "file", "file", 0, UNIT_PATH, BLOCK_INTERVAL },
};

#define TEXT_ROWS 20

/* Since attaching, by powers of ten, the first below 10 us. */
static void fill_histogram(struct cell *c, const int64_t total[BUCKETS])
{
	for (int b = 0; b < BUCKETS; b++) {
		int64_t limit = 10000;
		int i = UNDER_10US;

		while (i < ABOVE && bucket_value(b) >= limit) {
			limit *= 10;
			i++;
		}
		c[i].number = sum_add(c[i].number, total[b]);
	}
}

/* Returns whether no call has ended that could be timed. */
static bool fill_row(const struct state *s, const struct record *call, struct cell *c)
{
	int64_t id = record_now(call, CALL_ID);
	const struct record *name = state_find(s, LINE_NAME, id);
	const struct record *longest = state_find(s, LINE_LONGEST, id);
	int64_t interval[BUCKETS], total[BUCKETS];

	c[FUNCTION] = (struct cell){ .text = record_text(name, NAME_FUNCTION), .unknown = !name };
	c[FILE_NAME] = (struct cell){ .text = record_text(name, NAME_FILE), .unknown = !name };
	c[LINE] = (struct cell){ .number = record_now(name, NAME_LINE), .unknown = !name };
	c[CALLS].number = record_delta(call, CALL_CALLS);
	c[CALLS_TOTAL].number = record_total(call, CALL_CALLS);
	for (int i = P50; i <= TOOK_TOTAL; i++)
		c[i].unknown = !longest || !timed(s);
	if (!longest || !timed(s))
		return false;
	state_buckets(s, LINE_TOOK, id, interval, total);
	c[MAX].number = record_now(longest, LONGEST_MAX_NS);
	c[P50].number = bucket_percentile(interval, 0.50, c[MAX].number);
	c[P99].number = bucket_percentile(interval, 0.99, c[MAX].number);
	c[TOOK].number = record_delta(longest, LONGEST_TOOK_NS);
	c[TOOK_TOTAL].number = record_total(longest, LONGEST_TOOK_NS);
	fill_histogram(c, total);
	c[P50].unknown = c[P99].unknown = !bucket_any(interval);
	c[MAX].unknown = c[P50].unknown && !c[MAX].number;
	c[TOOK].unknown = c[P50].unknown && c[CALLS].number && !c[TOOK].number;
	c[TOOK_TOTAL].unknown = !bucket_any(total) && !c[TOOK_TOTAL].number;
	return c[TOOK_TOTAL].unknown;
}

void page_call_times_fill(const struct state *s, struct table *t)
{
	const struct record *r;
	bool unended = false;
	size_t at = 0;

	table_begin(t, columns, N_COLUMNS);
	if (strstr(s->module, "_extension"))
		table_note(t, "by the markers of the program's extension");
	t->by_interval = CALLS;
	t->by_total = CALLS_TOTAL;
	t->text_rows = TEXT_ROWS;
	while ((r = state_each(s, LINE_CALL, &at))) {
		struct cell *c = table_row(t);

		if (!c)
			return;
		unended |= fill_row(s, r, c);
	}
	if (unended)
		table_note(t, "a call that has not returned counts, and has no time so far");
	if (state_loss(s).table_full && collector_find(s->collector) != COLLECT_BPF)
		table_note(t, "64 functions have a histogram: choose with --function and --file");
	timed_notes(s, t, "counted");
}
