// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 232, gil: a row for each thread that waited for the interpreter lock, one for each
 * Python function that had it meanwhile, and in JSON one for each step of the histogram.
 */
#include "pages/page.h"
#include "pages/stack_frames.h"

#include <inttypes.h>

/* clang-format off */
enum {
	KIND, TID, PID, NAME, FUNCTION, FILE_NAME, LINE, WAITS, WAITS_TOTAL, CALLS_TOTAL, FORCED,
	FORCED_TOTAL, WAIT, WAIT_TOTAL, MAX, SAMPLES, SAMPLES_TOTAL, FROM, SHARE, SHOWN, HELD, WHERE,
	N_COLUMNS
};
/* clang-format on */

static const struct column columns[N_COLUMNS] = {
	[KIND] = { "kind", "", 0, UNIT_TEXT, BLOCK_NONE },
	[TID] = { "tid", "thread", 8, UNIT_NUMBER, BLOCK_INTERVAL },
	[PID] = { "pid", "process", 8, UNIT_NUMBER, BLOCK_INTERVAL },
	[NAME] = { "name", "", 0, UNIT_TEXT, BLOCK_NONE },
	[FUNCTION] = { "function", "", 0, UNIT_TEXT, BLOCK_NONE },
	[FILE_NAME] = { "file", "", 0, UNIT_PATH, BLOCK_NONE },
	[LINE] = { "line", "", 0, UNIT_NUMBER, BLOCK_NONE },
	[WAITS] = { "waits", "waits", 8, UNIT_COUNT, BLOCK_INTERVAL },
	[WAITS_TOTAL] = { "waits_total", "", 0, UNIT_COUNT, BLOCK_NONE },
	[CALLS_TOTAL] = { "calls_total", "", 0, UNIT_COUNT, BLOCK_NONE },
	[FORCED] = { "forced", "forced", 8, UNIT_COUNT, BLOCK_INTERVAL },
	[FORCED_TOTAL] = { "forced_total", "", 0, UNIT_COUNT, BLOCK_NONE },
	[WAIT] = { "wait_ns.total", "waited", 10, UNIT_NS, BLOCK_INTERVAL },
	[WAIT_TOTAL] = { "wait_ns_total", "waited", 10, UNIT_NS, BLOCK_NONE },
	[MAX] = { "wait_ns.max", "longest", 10, UNIT_NS, BLOCK_INTERVAL },
	[SAMPLES] = { "samples", "", 0, UNIT_COUNT, BLOCK_NONE },
	[SAMPLES_TOTAL] = { "samples_total", "samples", 9, UNIT_COUNT, BLOCK_TOTAL },
	[FROM] = { "from_ns", "", 0, UNIT_NS, BLOCK_NONE },
	[SHARE] = { NULL, "of time", 9, UNIT_SHARE, BLOCK_INTERVAL },
	[SHOWN] = { NULL, "name", 0, UNIT_TEXT, BLOCK_INTERVAL },
	[HELD] = { NULL, "waited", 10, UNIT_NS, BLOCK_TOTAL },
	[WHERE] = { NULL, "for the lock's holder, which ran", 0, UNIT_TEXT, BLOCK_TOTAL },
};

#define GIL_ROWS 20 /* of a block of a text page */

static struct cell *new_row(struct table *t, const char *kind)
{
	struct cell *c = table_row_unknown(t, HELD);

	if (c)
		c[KIND] = (struct cell){ .text = kind };
	return c;
}

static void set(struct cell *c, int64_t number)
{
	*c = (struct cell){ .number = number };
}

static void set_text(struct cell *c, const char *text)
{
	*c = (struct cell){ .text = text };
}

static void fill_thread(const struct state *s, struct table *t, const struct record *r)
{
	struct cell *c = new_row(t, "thread");
	double seconds = state_interval_s(s);

	if (!c)
		return;
	set(&c[TID], record_now(r, WAITER_TID));
	set(&c[PID], record_now(r, WAITER_PID));
	set_text(&c[NAME], record_text(r, WAITER_COMM));
	set_text(&c[SHOWN], record_text(r, WAITER_COMM));
	set(&c[WAITS], record_delta(r, WAITER_WAITS));
	set(&c[WAITS_TOTAL], record_total(r, WAITER_WAITS));
	set(&c[CALLS_TOTAL], record_total(r, WAITER_CALLS));
	set(&c[FORCED], record_delta(r, WAITER_FORCED));
	set(&c[FORCED_TOTAL], record_total(r, WAITER_FORCED));
	set(&c[WAIT], record_delta(r, WAITER_TOTAL_NS));
	set(&c[WAIT_TOTAL], record_total(r, WAITER_TOTAL_NS));
	set(&c[MAX], record_now(r, WAITER_MAX_NS));
	c[SHARE] = (struct cell){
		.share = seconds > 0 ? (double)record_delta(r, WAITER_TOTAL_NS) / 1e9 / seconds : 0
	};
}

static void fill_holder(const struct state *s, struct table *t, const struct record *r)
{
	const struct record *name = state_find(s, LINE_NAME, record_now(r, HOLDER_FUNCTION));
	struct cell *c = new_row(t, "holder");

	if (!c)
		return;
	if (name) {
		set_text(&c[FUNCTION], record_text(name, NAME_FUNCTION));
		set_text(&c[FILE_NAME], record_text(name, NAME_FILE));
		set(&c[LINE], record_now(name, NAME_LINE));
		set_text(&c[WHERE],
			 table_text(t, "%s  %s:%" PRId64, record_text(name, NAME_FUNCTION),
				    record_text(name, NAME_FILE), record_now(name, NAME_LINE)));
	}
	set(&c[SAMPLES], record_delta(r, HOLDER_SAMPLES));
	set(&c[SAMPLES_TOTAL], record_total(r, HOLDER_SAMPLES));
	set(&c[WAIT], record_delta(r, HOLDER_TOTAL_NS));
	set(&c[WAIT_TOTAL], record_total(r, HOLDER_TOTAL_NS));
	c[HELD].number = record_total(r, HOLDER_TOTAL_NS);
	/* Not among the interval's threads: those are sorted by what follows. */
	c[SHARE] = (struct cell){ .share = 0 };
}

static void fill_histogram(struct table *t, const int64_t *interval, const int64_t *total)
{
	for (int i = 0; i < BUCKETS; i++) {
		struct cell *c = total[i] ? new_row(t, "histogram") : NULL;

		if (!c)
			continue;
		set(&c[FROM], bucket_value(i));
		set(&c[WAITS], interval[i]);
		set(&c[WAITS_TOTAL], total[i]);
		c[SHARE] = (struct cell){ .share = 0 };
	}
}

void page_gil_fill(const struct state *s, struct table *t)
{
	int64_t interval[BUCKETS], total[BUCKETS];
	const struct record *r;
	size_t at = 0;

	table_begin(t, columns, N_COLUMNS);
	t->by_interval = SHARE;
	t->by_total = HELD;
	t->text_rows = GIL_ROWS;
	t->empty = "no waits";
	while ((r = state_each(s, LINE_WAITER, &at)))
		fill_thread(s, t, r);
	at = 0;
	while ((r = state_each(s, LINE_HOLDER, &at)))
		fill_holder(s, t, r);
	state_buckets(s, LINE_WAITED, 0, interval, total);
	fill_histogram(t, interval, total);
	if (bucket_percentile(total, 0.50, INT64_MAX))
		table_note(t,
			   "of all waits since attaching, half took less than %.2f ms, 99 %% less "
			   "than %.2f ms",
			   (double)bucket_percentile(total, 0.50, INT64_MAX) / 1e6,
			   (double)bucket_percentile(total, 0.99, INT64_MAX) / 1e6);
	stack_note_unread(s, t);
	if (record_now(state_first(s, LINE_STACKS), STACKS_STATE))
		table_note(t,
			   "this build of Python cannot be read: its waits and their reasons are "
			   "not known");
}
