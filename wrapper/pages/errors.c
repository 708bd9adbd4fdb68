// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 246, errors: one row per place and what went wrong there.
 */
#include "pages/page.h"

/* clang-format off */
enum { ERRORS, ERRORS_TOTAL, UNHANDLED, UNHANDLED_TOTAL, LAST, WHAT, PLACE, N_COLUMNS };
/* clang-format on */

static const struct column columns[N_COLUMNS] = {
	[ERRORS] = { "errors", "errors", 9, UNIT_COUNT, BLOCK_INTERVAL },
	[ERRORS_TOTAL] = { "errors_total", "errors", 9, UNIT_COUNT, BLOCK_TOTAL },
	[UNHANDLED] = { "unhandled", "unhandled", 10, UNIT_COUNT, BLOCK_INTERVAL },
	[UNHANDLED_TOTAL] = { "unhandled_total", "unhandled", 10, UNIT_COUNT, BLOCK_TOTAL },
	[LAST] = { "last", "last", 13, UNIT_TIME, BLOCK_BOTH },
	[WHAT] = { "what", "what", 26, UNIT_TEXT, BLOCK_BOTH },
	[PLACE] = { "place", "place", 0, UNIT_PATH, BLOCK_BOTH },
};

#define ERRORS_ROWS 40

static int64_t sum(int64_t a, int64_t b)
{
	return a > INT64_MAX - b ? INT64_MAX : a + b;
}

void page_errors_fill(const struct state *s, struct table *t)
{
	const struct record *r;
	size_t at = 0;

	table_begin(t, columns, N_COLUMNS);
	t->by_interval = ERRORS;
	t->by_total = ERRORS_TOTAL;
	t->text_rows = ERRORS_ROWS;
	t->empty = "no errors";
	while ((r = state_each(s, LINE_ERROR, &at))) {
		const struct record *name = state_find(s, LINE_NAME, record_now(r, ERROR_NAME));
		struct cell *c = table_row(t);

		if (!c)
			return;
		c[UNHANDLED].number = record_delta(r, ERROR_UNHANDLED);
		c[UNHANDLED_TOTAL].number = record_total(r, ERROR_UNHANDLED);
		c[ERRORS].number = sum(record_delta(r, ERROR_HANDLED), c[UNHANDLED].number);
		c[ERRORS_TOTAL].number =
			sum(record_total(r, ERROR_HANDLED), c[UNHANDLED_TOTAL].number);
		c[LAST].number = record_now(r, ERROR_LAST_NS);
		c[WHAT].unknown = c[PLACE].unknown = false;
		c[WHAT].text = record_text(name, NAME_FUNCTION);
		c[PLACE].text = record_text(name, NAME_FILE);
	}
}
