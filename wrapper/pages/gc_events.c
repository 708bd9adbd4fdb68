// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 211, gc-events: one row per collection of the interval, the last one first.
 */
#include "pages/page.h"

#include <inttypes.h>

#include "pages/stack_frames.h"

/* clang-format off */
enum {
	EVENT, TIME, GENERATION, COLLECTED, PAUSE, AUTOMATIC, ENABLED, EXIT, FORKED, TID, PID,
	STACK, N_COLUMNS
};
/* clang-format on */

static const struct column columns[N_COLUMNS] = {
	[EVENT] = { "event", "event", 7, UNIT_NUMBER, BLOCK_INTERVAL },
	[TIME] = { "time", "time", 14, UNIT_TIME, BLOCK_INTERVAL },
	[GENERATION] = { "generation", "gen", 4, UNIT_NUMBER, BLOCK_INTERVAL },
	[COLLECTED] = { "collected", "collected", 10, UNIT_COUNT, BLOCK_INTERVAL },
	[PAUSE] = { "pause_ns", "pause", 9, UNIT_NS, BLOCK_INTERVAL },
	[AUTOMATIC] = { "automatic", "auto", 5, UNIT_BOOL, BLOCK_INTERVAL },
	[ENABLED] = { "enabled", "on", 4, UNIT_BOOL, BLOCK_INTERVAL },
	[EXIT] = { "exit", "exit", 5, UNIT_BOOL, BLOCK_INTERVAL },
	[FORKED] = { "forked", "fork", 5, UNIT_BOOL, BLOCK_INTERVAL },
	[TID] = { "tid", "tid", 8, UNIT_NUMBER, BLOCK_INTERVAL },
	[PID] = { "pid", "pid", 8, UNIT_NUMBER, BLOCK_INTERVAL },
	[STACK] = { "stack", "", 0, UNIT_STACK, BLOCK_INTERVAL },
};

#define EVENTS_TEXT 16

static void set_bool(struct cell *c, int64_t value)
{
	c->number = value > 0;
	c->unknown = value < 0;
}

void page_gc_events_fill(const struct state *s, struct table *t)
{
	const struct record *r;
	int64_t all, unsure = 0;
	size_t at = 0, n = 0;

	table_begin(t, columns, N_COLUMNS);
	t->by_interval = EVENT;
	t->text_rows = EVENTS_TEXT;
	t->empty = "no collections in this interval";
	while ((r = state_each(s, LINE_EVENT, &at))) {
		struct cell *c = table_row(t);

		if (!c)
			return;
		n++;
		c[EVENT].number = record_now(r, EVENT_NUMBER);
		c[TIME].number = record_now(r, EVENT_REAL_NS);
		c[GENERATION].number = record_now(r, EVENT_GENERATION);
		c[COLLECTED].number = record_now(r, EVENT_FOUND);
		c[PAUSE].number = record_now(r, EVENT_PAUSE_NS);
		set_bool(&c[AUTOMATIC], record_now(r, EVENT_AUTOMATIC));
		set_bool(&c[ENABLED], record_now(r, EVENT_ENABLED));
		set_bool(&c[EXIT], record_now(r, EVENT_ENDING));
		set_bool(&c[FORKED], record_now(r, EVENT_FORKED));
		c[TID].number = record_now(r, EVENT_TID);
		c[PID].number = record_now(r, EVENT_PID);
		c[STACK].stack = stack_find(s, t, record_now(r, EVENT_STACK));
		c[STACK].unknown = !c[STACK].stack;
		unsure += record_now(r, EVENT_AUTOMATIC) < 0;
	}
	all = record_delta(state_first(s, LINE_EVENTS), EVENTS_COUNT);
	if (all > (int64_t)n)
		table_note(t,
			   "%" PRId64 " collections in this interval: only the last %zu are kept",
			   all, n);
	if (unsure)
		table_note(t,
			   "%" PRId64
			   " collections were due and perhaps asked for as well, or their "
			   "interpreter cannot be read: whether they were automatic is not known",
			   unsure);
	stack_notes(s, t);
}
