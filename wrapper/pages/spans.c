// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 242, spans: one row per operation of the application. Page 260, postgres, is the
 * same for what PostgreSQL does, by its own markers; one that begins again has failed
 * there before, as an error takes a backend out of what it was doing.
 */
#include "model/sum.h"
#include "pages/page.h"

/* clang-format off */
enum {
	ENDED, ENDED_TOTAL, RATE, FAILED, FAILED_TOTAL, OPEN, TIME, P50, P99, MAX, TIME_TOTAL,
	P50_TOTAL, P99_TOTAL, OPERATION, N_COLUMNS
};
/* clang-format on */

static const struct column columns[N_COLUMNS] = {
	[ENDED] = { "ended", "ended", 9, UNIT_COUNT, BLOCK_INTERVAL },
	[ENDED_TOTAL] = { "ended_total", "ended", 9, UNIT_COUNT, BLOCK_TOTAL },
	[RATE] = { "per_second", "a second", 9, UNIT_COUNT, BLOCK_INTERVAL },
	[FAILED] = { "failed", "failed", 8, UNIT_COUNT, BLOCK_INTERVAL },
	[FAILED_TOTAL] = { "failed_total", "failed", 8, UNIT_COUNT, BLOCK_TOTAL },
	[OPEN] = { "open", "open", 7, UNIT_COUNT, BLOCK_BOTH },
	[TIME] = { "time_ns.total", "time", 10, UNIT_NS, BLOCK_INTERVAL },
	[P50] = { "time_ns.p50", "p50", 9, UNIT_NS, BLOCK_INTERVAL },
	[P99] = { "time_ns.p99", "p99", 9, UNIT_NS, BLOCK_INTERVAL },
	[MAX] = { "time_ns.max", "max", 9, UNIT_NS, BLOCK_INTERVAL },
	[TIME_TOTAL] = { "time_ns_total.total", "time", 10, UNIT_NS, BLOCK_TOTAL },
	[P50_TOTAL] = { "time_ns_total.p50", "p50", 9, UNIT_NS, BLOCK_TOTAL },
	[P99_TOTAL] = { "time_ns_total.p99", "p99", 9, UNIT_NS, BLOCK_TOTAL },
	[OPERATION] = { "operation", "operation", 0, UNIT_TEXT, BLOCK_BOTH },
};

#define SPANS_ROWS 40

static void fill_row(const struct state *s, struct table *t, const struct record *r)
{
	int64_t interval[BUCKETS], total[BUCKETS], name = record_now(r, SPAN_OPERATION);
	struct cell *c = table_row(t);

	if (!c)
		return;
	state_buckets(s, LINE_SPANTIME, name, interval, total);
	c[ENDED].number = record_delta(r, SPAN_ENDED);
	c[ENDED_TOTAL].number = record_total(r, SPAN_ENDED);
	c[RATE].number = state_per_second(s, c[ENDED].number);
	c[FAILED].number = record_delta(r, SPAN_FAILED);
	c[FAILED_TOTAL].number = record_total(r, SPAN_FAILED);
	c[OPEN].number = record_now(r, SPAN_BEGUN) - record_now(r, SPAN_ENDED);
	c[OPEN].number -= c[OPEN].number > 0 ? record_now(r, SPAN_AGAIN) : 0;
	c[OPEN].number -= record_now(state_find(s, LINE_SPANGONE, name), SPANGONE_COUNT);
	c[OPEN].number = c[OPEN].number > 0 ? c[OPEN].number : 0;
	c[TIME].number = record_delta(r, SPAN_TOTAL_NS);
	c[P50].number = bucket_percentile(interval, 0.50, record_now(r, SPAN_MAX_NS));
	c[P99].number = bucket_percentile(interval, 0.99, record_now(r, SPAN_MAX_NS));
	c[MAX].number = record_now(r, SPAN_MAX_NS);
	c[TIME_TOTAL].number = record_total(r, SPAN_TOTAL_NS);
	c[P50_TOTAL].number = bucket_percentile(total, 0.50, INT64_MAX);
	c[P99_TOTAL].number = bucket_percentile(total, 0.99, INT64_MAX);
	c[OPERATION].unknown = false;
	c[OPERATION].text = record_text(state_find(s, LINE_NAME, name), NAME_FUNCTION);
}

static void add_failures(struct cell *c, const struct record *r)
{
	c[FAILED].number = sum_add(c[FAILED].number, record_delta(r, SPAN_AGAIN));
	c[FAILED_TOTAL].number = sum_add(c[FAILED_TOTAL].number, record_total(r, SPAN_AGAIN));
}

static void fill(const struct state *s, struct table *t, bool again_is_failure)
{
	const struct record *r;
	int64_t unpaired, again = 0, gone = 0;
	size_t at = 0;

	table_begin(t, columns, N_COLUMNS);
	t->by_interval = ENDED;
	t->by_total = ENDED_TOTAL;
	t->text_rows = SPANS_ROWS;
	t->empty = "no operation has ended";
	while ((r = state_each(s, LINE_SPAN, &at))) {
		fill_row(s, t, r);
		if (again_is_failure && t->n_rows)
			add_failures(t->cells + (t->n_rows - 1) * t->n_columns, r);
		again = sum_add(again, record_total(r, SPAN_AGAIN));
	}
	for (at = 0; (r = state_each(s, LINE_SPANGONE, &at));)
		gone = sum_add(gone, record_total(r, SPANGONE_COUNT));
	unpaired = record_total(state_first(s, LINE_UNPAIRED), UNPAIRED_COUNT);
	if (unpaired)
		table_note(
			t,
			"operations that ended and had begun before they were watched, or never: "
			"%lld",
			(long long)unpaired);
	if (gone)
		table_note(t, "operations without an end, since their process has ended: %lld",
			   (long long)gone);
	if (again && !again_is_failure)
		table_note(t,
			   "operations that began again under the same id before they had ended: "
			   "%lld",
			   (long long)again);
}

void page_spans_fill(const struct state *s, struct table *t)
{
	fill(s, t, false);
}

void page_postgres_fill(const struct state *s, struct table *t)
{
	fill(s, t, true);
}
