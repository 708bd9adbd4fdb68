// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 241, counters: one row per counter, gauge and tally of the application, by name.
 */
#include "pages/page.h"

/* clang-format off */
enum {
	KIND, EVENTS, EVENTS_TOTAL, RATE, CHANGE, CHANGE_TOTAL, VALUE, LEAST, MOST, NAME,
	N_COLUMNS
};
/* clang-format on */

static const struct column columns[N_COLUMNS] = {
	[KIND] = { "kind", "kind", 9, UNIT_TEXT, BLOCK_BOTH },
	[EVENTS] = { "events", "events", 10, UNIT_COUNT, BLOCK_INTERVAL },
	[EVENTS_TOTAL] = { "events_total", "events", 10, UNIT_COUNT, BLOCK_TOTAL },
	[RATE] = { "per_second", "a second", 10, UNIT_COUNT, BLOCK_INTERVAL },
	[CHANGE] = { "change", "change", 12, UNIT_COUNT, BLOCK_INTERVAL },
	[CHANGE_TOTAL] = { "change_total", "change", 12, UNIT_COUNT, BLOCK_TOTAL },
	[VALUE] = { "value", "value", 12, UNIT_COUNT, BLOCK_BOTH },
	[LEAST] = { "least", "least", 10, UNIT_COUNT, BLOCK_TOTAL },
	[MOST] = { "most", "most", 10, UNIT_COUNT, BLOCK_TOTAL },
	[NAME] = { "name", "name", 0, UNIT_TEXT, BLOCK_BOTH },
};

#define COUNTERS_ROWS 40

static struct cell *add_row(const struct state *s, struct table *t, const char *kind, int64_t id)
{
	struct cell *c = table_row(t);

	if (!c)
		return NULL;
	c[KIND].text = kind;
	c[NAME].text = record_text(state_find(s, LINE_NAME, id), NAME_FUNCTION);
	c[KIND].unknown = c[NAME].unknown = false;
	c[VALUE].unknown = c[LEAST].unknown = c[MOST].unknown = true;
	return c;
}

/* A sum that has reached the largest number there is says no more how large it is. */
static bool is_full(const struct record *r, int sum)
{
	return record_now(r, sum) == INT64_MAX;
}

_Static_assert(COUNTER_UP - COUNTER_EVENTS == TALLY_UP - TALLY_EVENTS &&
		       COUNTER_DOWN - COUNTER_EVENTS == TALLY_DOWN - TALLY_EVENTS,
	       "counter and tally have the same sums");

/* Of a counter or a tally; events: its field EVENTS. Returns whether all of it is known. */
static bool add_sums(const struct state *s, struct cell *c, const struct record *r, int events)
{
	int up = events + COUNTER_UP - COUNTER_EVENTS;
	int down = events + COUNTER_DOWN - COUNTER_EVENTS;

	c[EVENTS].number = record_delta(r, events);
	c[EVENTS_TOTAL].number = record_total(r, events);
	c[RATE].number = state_per_second(s, c[EVENTS].number);
	c[CHANGE].number = record_delta(r, up) - record_delta(r, down);
	c[CHANGE_TOTAL].number = record_total(r, up) - record_total(r, down);
	if (is_full(r, events))
		c[EVENTS].unknown = c[EVENTS_TOTAL].unknown = c[RATE].unknown = true;
	if (is_full(r, up) || is_full(r, down))
		c[CHANGE].unknown = c[CHANGE_TOTAL].unknown = true;
	return !c[EVENTS].unknown && !c[CHANGE].unknown;
}

void page_counters_fill(const struct state *s, struct table *t)
{
	const struct record *r;
	bool known = true;
	struct cell *c;
	size_t at = 0;

	table_begin(t, columns, N_COLUMNS);
	t->by_interval = EVENTS;
	t->by_total = EVENTS_TOTAL;
	t->text_rows = COUNTERS_ROWS;
	t->empty = "nothing was counted";
	while ((r = state_each(s, LINE_COUNTER, &at))) {
		c = add_row(s, t, "counter", record_now(r, COUNTER_NAME));
		known &= !c || add_sums(s, c, r, COUNTER_EVENTS);
	}
	for (at = 0; (r = state_each(s, LINE_TALLY, &at));) {
		c = add_row(s, t, "tally", record_now(r, TALLY_NAME));
		known &= !c || add_sums(s, c, r, TALLY_EVENTS);
	}
	for (at = 0; (r = state_each(s, LINE_GAUGE, &at));) {
		c = add_row(s, t, "gauge", record_now(r, GAUGE_NAME));
		if (!c)
			break;
		c[EVENTS].number = record_delta(r, GAUGE_EVENTS);
		c[EVENTS_TOTAL].number = record_total(r, GAUGE_EVENTS);
		c[RATE].number = state_per_second(s, c[EVENTS].number);
		c[CHANGE].unknown = c[CHANGE_TOTAL].unknown = true;
		c[VALUE] = (struct cell){ .number = record_now(r, GAUGE_LAST) };
		c[LEAST] = (struct cell){ .number = record_now(r, GAUGE_LEAST) };
		c[MOST] = (struct cell){ .number = record_now(r, GAUGE_MOST) };
	}
	if (!known)
		table_note(t,
			   "sums of what went up or down that have reached 2^63 - 1 are not known "
			   "from then on");
}
