// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 261, glibc: one row per kind of event in the C library.
 */
#include "pages/page.h"

/* clang-format off */
enum { EVENTS, EVENTS_TOTAL, RATE, SIZE, SIZE_TOTAL, WHAT, N_COLUMNS };
/* clang-format on */

static const struct column columns[N_COLUMNS] = {
	[EVENTS] = { "events", "events", 10, UNIT_COUNT, BLOCK_INTERVAL },
	[EVENTS_TOTAL] = { "events_total", "events", 10, UNIT_COUNT, BLOCK_TOTAL },
	[RATE] = { "per_second", "a second", 10, UNIT_COUNT, BLOCK_INTERVAL },
	[SIZE] = { "bytes", "bytes", 12, UNIT_BYTES, BLOCK_INTERVAL },
	[SIZE_TOTAL] = { "bytes_total", "bytes", 12, UNIT_BYTES, BLOCK_TOTAL },
	[WHAT] = { "what", "what", 0, UNIT_TEXT, BLOCK_BOTH },
};

void page_glibc_fill(const struct state *s, struct table *t)
{
	const struct record *r;
	size_t at = 0;

	table_begin(t, columns, N_COLUMNS);
	t->by_interval = EVENTS;
	t->by_total = EVENTS_TOTAL;
	t->empty = "nothing of the kind";
	while ((r = state_each(s, LINE_COUNTER, &at))) {
		struct cell *c = table_row(t);

		if (!c)
			return;
		c[EVENTS].number = record_delta(r, COUNTER_EVENTS);
		c[EVENTS_TOTAL].number = record_total(r, COUNTER_EVENTS);
		c[RATE].number = state_per_second(s, c[EVENTS].number);
		c[SIZE].number = record_delta(r, COUNTER_UP);
		c[SIZE_TOTAL].number = record_total(r, COUNTER_UP);
		c[WHAT].unknown = false;
		c[WHAT].text = record_text(state_find(s, LINE_NAME, record_now(r, COUNTER_NAME)),
					   NAME_FUNCTION);
	}
}
