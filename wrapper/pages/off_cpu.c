// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 235, off-cpu: a row for each Python stack and reason to leave the processor, and in
 * JSON one for each step of the histograms.
 */
#include "pages/page.h"

#include <inttypes.h>

#include "model/sum.h"
#include "model/syscalls.h"
#include "pages/function_name.h"
#include "pages/split.h"
#include "pages/stack_frames.h"

/* clang-format off */
enum {
	PID, TID, KIND, REASON, CALL, FUNCTION, FILE_NAME, LINE, STACK, WAITS, TIME, QUEUED, MAX,
	WAITS_TOTAL, TIME_TOTAL, QUEUED_TOTAL, OPEN, BEFORE, FROM, SHOWN, SORT, N_COLUMNS
};
/* clang-format on */

static const struct column columns[N_COLUMNS] = {
	[PID] = BY_PID_COLUMN,
	[TID] = BY_TID_COLUMN,
	[KIND] = { "kind", "", 0, UNIT_TEXT, BLOCK_NONE },
	[REASON] = { "reason", "reason", 9, UNIT_TEXT, BLOCK_INTERVAL },
	[CALL] = { "call", "", 0, UNIT_TEXT, BLOCK_NONE },
	[WAITS] = { "waits", "waits", 8, UNIT_COUNT, BLOCK_INTERVAL },
	[TIME] = { "time_ns.total", "time", 9, UNIT_NS, BLOCK_INTERVAL },
	[QUEUED] = { "time_ns.ready", "ready", 9, UNIT_NS, BLOCK_INTERVAL },
	[MAX] = { "time_ns.max", "longest", 9, UNIT_NS, BLOCK_INTERVAL },
	[TIME_TOTAL] = { "time_ns_total.total", "in all", 9, UNIT_NS, BLOCK_INTERVAL },
	[QUEUED_TOTAL] = { "time_ns_total.ready", "", 0, UNIT_NS, BLOCK_NONE },
	[SHOWN] = { NULL, "in call", 0, UNIT_TEXT, BLOCK_INTERVAL },
	[STACK] = { "stack", "", 0, UNIT_STACK, BLOCK_INTERVAL },
	[FUNCTION] = { "function", "", 0, UNIT_TEXT, BLOCK_NONE },
	[FILE_NAME] = { "file", "", 0, UNIT_PATH, BLOCK_NONE },
	[LINE] = { "line", "", 0, UNIT_NUMBER, BLOCK_NONE },
	[WAITS_TOTAL] = { "waits_total", "", 0, UNIT_COUNT, BLOCK_NONE },
	[OPEN] = { "open", "", 0, UNIT_COUNT, BLOCK_NONE },
	[BEFORE] = { "before", "", 0, UNIT_BOOL, BLOCK_NONE },
	[FROM] = { "from_ns", "", 0, UNIT_NS, BLOCK_NONE },
	[SORT] = { NULL, "", 0, UNIT_NS, BLOCK_NONE },
};

#define OFFCPU_ROWS 12 /* of a text page */

/* The causes of LINE_OFF, and the kinds of LINE_OFFTIME. */
enum { CAUSE_CALL, CAUSE_DISK, CAUSE_FAULT, CAUSE_READY, CAUSE_STOP, CAUSE_FROZEN };
#define CAUSE_BEFORE 16 /* is added: since before attaching */
enum { KIND_WAIT, KIND_READY, KINDS };

static const char *const kinds[KINDS] = { "wait", "ready" };
static const char *const steps[KINDS] = { "histogram", "histogram of ready" };

static const char *reason_of(int64_t cause, int64_t call)
{
	switch (cause) {
	case CAUSE_CALL:
		return call_reason(call);
	case CAUSE_DISK:
		return "disk";
	case CAUSE_FAULT:
		return "fault";
	case CAUSE_READY:
		return "ready";
	case CAUSE_STOP:
		return "stopped";
	case CAUSE_FROZEN:
		return "frozen";
	default:
		return "other";
	}
}

static void fill_row(const struct state *s, struct table *t, const struct record *r)
{
	int64_t cause = record_now(r, OFF_CAUSE) & ~CAUSE_BEFORE;
	int64_t call = record_now(r, OFF_CALL) - 1;
	bool before = record_now(r, OFF_CAUSE) & CAUSE_BEFORE;
	const struct record *node = state_find(s, LINE_NODE, record_now(r, OFF_STACK));
	struct cell *c = table_row(t), unused;
	char room[CALL_NAME];

	if (!c)
		return;
	by_set(s, &c[PID], &c[TID], record_who(r));
	name_fill(s, t, record_now(node, NODE_NAME), &c[FUNCTION], &c[FILE_NAME], &c[LINE],
		  &unused);
	c[KIND] = (struct cell){ .text = kinds[cause == CAUSE_READY] };
	c[REASON] = (struct cell){ .text = reason_of(cause, call) };
	if (call >= 0)
		c[CALL] = c[SHOWN] =
			(struct cell){ .text = table_text(t, "%s", call_name(call, room)) };
	c[WAITS].number = record_delta(r, OFF_BEGUN);
	c[WAITS_TOTAL].number = record_total(r, OFF_BEGUN);
	c[TIME].number = record_delta(r, OFF_TIME_NS);
	c[TIME_TOTAL].number = record_total(r, OFF_TIME_NS);
	c[QUEUED].number = record_delta(r, OFF_QUEUED_NS);
	c[QUEUED_TOTAL].number = record_total(r, OFF_QUEUED_NS);
	c[MAX].number = record_now(r, OFF_MAX_NS);
	c[OPEN].number = record_now(r, OFF_BEGUN) - record_now(r, OFF_ENDED);
	c[BEFORE].number = before;
	c[FROM].unknown = true;
	c[STACK].stack = stack_find(s, t, record_now(r, OFF_STACK));
	c[STACK].unknown = before || !c[STACK].stack;
	c[SORT].number = cause == CAUSE_READY ? 0 : c[TIME].number;
}

static void fill_step(struct table *t, int kind, int step, int64_t now, int64_t total)
{
	struct cell *c = table_row(t);

	for (int i = 0; c && i < SORT; i++)
		c[i].unknown = true;
	if (!c)
		return;
	c[KIND] = (struct cell){ .text = steps[kind] };
	c[FROM] = (struct cell){ .number = bucket_value(step) };
	c[WAITS] = (struct cell){ .number = now };
	c[WAITS_TOTAL] = (struct cell){ .number = total };
}

static void fill_histogram(const struct state *s, struct table *t, int kind)
{
	int64_t now[BUCKETS], total[BUCKETS], n = 0;

	state_buckets(s, LINE_OFFTIME, kind, now, total);
	for (int i = 0; i < BUCKETS; i++) {
		n = sum_add(n, total[i]);
		if (total[i])
			fill_step(t, kind, i, now[i], total[i]);
	}
	if (n)
		table_note(t,
			   kind == KIND_WAIT
				   ? "since attaching, half of all waits took less than %.2f ms, "
				     "99 %% less than %.2f ms"
				   : "half of the times that a thread was ready and had no "
				     "processor it took less than %.2f ms, 99 %% less than %.2f ms",
			   (double)bucket_percentile(total, 0.50, INT64_MAX) / 1e6,
			   (double)bucket_percentile(total, 0.99, INT64_MAX) / 1e6);
}

void page_offcpu_fill(const struct state *s, struct table *t)
{
	int64_t ready = 0, ready_ns = 0, open = 0, before = 0;
	const struct record *r;
	size_t at = 0;

	table_begin(t, columns, N_COLUMNS);
	by_begin(s, t, PID, TID);
	t->by_interval = SORT;
	t->text_rows = OFFCPU_ROWS;
	t->empty = "no waits";
	while ((r = state_each(s, LINE_OFF, &at))) {
		fill_row(s, t, r);
		if (record_now(r, OFF_CAUSE) == CAUSE_READY) {
			ready = sum_add(ready, record_delta(r, OFF_BEGUN));
			ready_ns = sum_add(ready_ns, record_delta(r, OFF_TIME_NS));
		} else {
			open = sum_add(open, record_now(r, OFF_BEGUN) - record_now(r, OFF_ENDED));
		}
		if (record_now(r, OFF_CAUSE) & CAUSE_BEFORE)
			before += record_now(r, OFF_BEGUN);
	}
	for (int kind = 0; kind < KINDS; kind++)
		fill_histogram(s, t, kind);
	if (ready)
		table_note(t,
			   "in the interval threads were sent away from their processors %" PRId64
			   " times while they could go on, for %.2f ms in all: that is no wait",
			   ready, (double)ready_ns / 1e6);
	if (open > 0)
		table_note(t, "%" PRId64 " of the waits are under way: their time so far counts",
			   open);
	if (before)
		table_note(t,
			   "%" PRId64 " waits began before attaching: their stacks are not known, "
			   "the longest took at least that long, and their other times are those "
			   "since attaching",
			   before);
	stack_notes(s, t);
}
