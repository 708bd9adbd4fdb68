// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 220, calls: one row per function that was called. Its name, file and first
 * line are its identity.
 */
#include "pages/page.h"
#include "pages/split.h"

#include <string.h>

#include "pages/timing_notes.h"

/* clang-format off */
enum {
	PID, TID, CALLS, CALLS_TOTAL, INCLUSIVE, EXCLUSIVE, INCLUSIVE_TOTAL, EXCLUSIVE_TOTAL,
	FUNCTION, LINE, FILE_NAME, N_COLUMNS
};
/* clang-format on */

static const struct column columns[N_COLUMNS] = {
	[PID] = BY_PID_COLUMN,
	[TID] = BY_TID_COLUMN,
	[CALLS] = { "calls", "calls", 9, UNIT_COUNT, BLOCK_INTERVAL },
	[CALLS_TOTAL] = { "calls_total", "calls", 9, UNIT_COUNT, BLOCK_TOTAL },
	[INCLUSIVE] = { "inclusive_ns", "inclusive", 10, UNIT_NS, BLOCK_INTERVAL },
	[INCLUSIVE_TOTAL] = { "inclusive_ns_total", "inclusive", 10, UNIT_NS, BLOCK_TOTAL },
	[EXCLUSIVE] = { "exclusive_ns", "exclusive", 10, UNIT_NS, BLOCK_INTERVAL },
	[EXCLUSIVE_TOTAL] = { "exclusive_ns_total", "exclusive", 10, UNIT_NS, BLOCK_TOTAL },
	[FUNCTION] = { "function", "function", 22, UNIT_TEXT, BLOCK_BOTH },
	[LINE] = { "line", "line", 6, UNIT_NUMBER, BLOCK_BOTH },
	[FILE_NAME] = { "file", "file", 0, UNIT_PATH, BLOCK_BOTH },
};

#define TEXT_ROWS 20

void page_calls_fill(const struct state *s, struct table *t)
{
	const struct record *r;
	bool known = timed(s);
	size_t at = 0;

	table_begin(t, columns, N_COLUMNS);
	by_begin(s, t, PID, TID);
	t->by_interval = known ? EXCLUSIVE : CALLS;
	t->by_total = known ? EXCLUSIVE_TOTAL : CALLS_TOTAL;
	t->text_rows = TEXT_ROWS;
	while ((r = state_each(s, LINE_CALL, &at))) {
		const struct record *name = state_find(s, LINE_NAME, record_now(r, CALL_ID));
		struct cell *c = table_row(t);

		if (!c)
			return;
		by_set(s, &c[PID], &c[TID], record_who(r));
		c[FUNCTION] =
			(struct cell){ .text = record_text(name, NAME_FUNCTION), .unknown = !name };
		c[FILE_NAME] =
			(struct cell){ .text = record_text(name, NAME_FILE), .unknown = !name };
		c[LINE] = (struct cell){ .number = record_now(name, NAME_LINE), .unknown = !name };
		c[CALLS].number = record_delta(r, CALL_CALLS);
		c[CALLS_TOTAL].number = record_total(r, CALL_CALLS);
		c[INCLUSIVE].number = record_delta(r, CALL_INCLUSIVE_NS);
		c[INCLUSIVE_TOTAL].number = record_total(r, CALL_INCLUSIVE_NS);
		c[EXCLUSIVE].number = record_delta(r, CALL_EXCLUSIVE_NS);
		c[EXCLUSIVE_TOTAL].number = record_total(r, CALL_EXCLUSIVE_NS);
		for (int i = INCLUSIVE; i <= EXCLUSIVE_TOTAL; i++)
			c[i].unknown = !known;
	}
	if (!strcmp(s->module, "sums"))
		table_note(t, "counted in the program by its extension, handed over every 0.1 s");
	timed_notes(s, t, "counted");
}
