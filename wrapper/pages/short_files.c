// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 252, short-files: one row per file of the last ones that were deleted within a
 * second of being created, the latest first.
 */
#include "pages/page.h"

/* clang-format off */
enum {
	NUMBER, TIME, LIFETIME, SIZE, PID, PROGRAM, BY_PID, BY_PROGRAM, REPLACED, RECENT, PATH,
	N_COLUMNS
};
/* clang-format on */

static const struct column columns[N_COLUMNS] = {
	[NUMBER] = { "number", "", 0, UNIT_NUMBER, BLOCK_NONE },
	[TIME] = { "time", "created", 12, UNIT_TIME, BLOCK_INTERVAL },
	[LIFETIME] = { "lifetime_ns", "lived", 9, UNIT_NS, BLOCK_INTERVAL },
	[SIZE] = { "size", "size", 9, UNIT_BYTES, BLOCK_INTERVAL },
	[PID] = { "pid", "pid", 8, UNIT_NUMBER, BLOCK_INTERVAL },
	[PROGRAM] = { "program", "program", 14, UNIT_TEXT, BLOCK_INTERVAL },
	[BY_PID] = { "deleted_by_pid", "", 0, UNIT_NUMBER, BLOCK_NONE },
	[BY_PROGRAM] = { "deleted_by", "", 0, UNIT_TEXT, BLOCK_NONE },
	[REPLACED] = { "replaced", "", 0, UNIT_BOOL, BLOCK_NONE },
	[RECENT] = { "recent", "", 0, UNIT_BOOL, BLOCK_NONE },
	[PATH] = { "path", "file", 0, UNIT_PATH, BLOCK_INTERVAL },
};

#define SHORT_ROWS 30 /* of a text page */

static void fill_row(const struct state *s, struct table *t, const struct record *r)
{
	int64_t born = record_now(r, SHORT_BORN_NS);
	struct cell *c = table_row(t);

	if (!c)
		return;
	for (int i = 0; i < N_COLUMNS; i++)
		c[i].unknown = false;
	c[NUMBER].number = record_now(r, SHORT_NUMBER);
	c[TIME].number = state_real_ns(s, born);
	c[LIFETIME].number = record_now(r, SHORT_LIVED_NS);
	c[SIZE].number = record_now(r, SHORT_SIZE);
	c[PID].number = record_now(r, SHORT_PID);
	c[PROGRAM].text = record_text(r, SHORT_NAME);
	c[BY_PID].number = record_now(r, SHORT_BY);
	c[BY_PROGRAM].text = record_text(r, SHORT_BY_NAME);
	c[REPLACED].number = record_now(r, SHORT_REPLACED) != 0;
	c[RECENT].number = born + record_now(r, SHORT_LIVED_NS) >= s->before.mono_ns;
	c[PATH].text = record_text(r, SHORT_PATH);
}

void page_short_files_fill(const struct state *s, struct table *t)
{
	const struct record *r;
	size_t at = 0;

	table_begin(t, columns, N_COLUMNS);
	t->by_interval = NUMBER;
	t->text_rows = SHORT_ROWS;
	t->empty = "no file has lived less than a second";
	while ((r = state_each(s, LINE_SHORT, &at)))
		fill_row(s, t, r);
	r = state_first(s, LINE_SHORTS);
	table_note(t,
		   "in the interval %lld files were created; %lld that were younger than a second "
		   "were deleted, with %lld bytes",
		   (long long)record_delta(r, SHORTS_CREATED),
		   (long long)record_delta(r, SHORTS_DELETED),
		   (long long)record_delta(r, SHORTS_BYTES));
	table_note(t, "a file without a name (O_TMPFILE) is not among them");
}
