// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 234, faults: a row for each Python function that had page faults, or in which the
 * process's memory or address space changed.
 */
#include "pages/page.h"

#include "model/sum.h"
#include "pages/function_name.h"
#include "pages/split.h"
#include "pages/stack_frames.h"

/* clang-format off */
enum {
	PID, TID, FUNCTION, FILE_NAME, LINE, MINOR, MAJOR, GROWN, SHRUNK, MAPPED, UNMAPPED,
	MINOR_TOTAL, MAJOR_TOTAL, GROWN_TOTAL, SHRUNK_TOTAL, MAPPED_TOTAL, UNMAPPED_TOTAL, WHERE,
	WEIGHT, WEIGHT_TOTAL, N_COLUMNS
};
/* clang-format on */

static const struct column columns[N_COLUMNS] = {
	[PID] = BY_PID_COLUMN,
	[TID] = BY_TID_COLUMN,
	[MINOR] = { "minor", "minor", 8, UNIT_COUNT, BLOCK_INTERVAL },
	[MAJOR] = { "major", "major", 6, UNIT_COUNT, BLOCK_INTERVAL },
	[GROWN] = { "grown_bytes", "grown", 9, UNIT_BYTES, BLOCK_INTERVAL },
	[SHRUNK] = { "shrunk_bytes", "shrunk", 9, UNIT_BYTES, BLOCK_INTERVAL },
	[MAPPED] = { "mapped_bytes", "mapped", 9, UNIT_BYTES, BLOCK_INTERVAL },
	[UNMAPPED] = { "unmapped_bytes", "unmapped", 9, UNIT_BYTES, BLOCK_INTERVAL },
	[MINOR_TOTAL] = { "minor_total", "minor", 8, UNIT_COUNT, BLOCK_TOTAL },
	[MAJOR_TOTAL] = { "major_total", "major", 6, UNIT_COUNT, BLOCK_TOTAL },
	[GROWN_TOTAL] = { "grown_bytes_total", "grown", 9, UNIT_BYTES, BLOCK_TOTAL },
	[SHRUNK_TOTAL] = { "shrunk_bytes_total", "shrunk", 9, UNIT_BYTES, BLOCK_TOTAL },
	[MAPPED_TOTAL] = { "mapped_bytes_total", "mapped", 9, UNIT_BYTES, BLOCK_TOTAL },
	[UNMAPPED_TOTAL] = { "unmapped_bytes_total", "unmapped", 9, UNIT_BYTES, BLOCK_TOTAL },
	[WHERE] = { NULL, "function", 0, UNIT_TEXT, BLOCK_BOTH },
	[FUNCTION] = { "function", "", 0, UNIT_TEXT, BLOCK_NONE },
	[FILE_NAME] = { "file", "", 0, UNIT_PATH, BLOCK_NONE },
	[LINE] = { "line", "", 0, UNIT_NUMBER, BLOCK_NONE },
	[WEIGHT] = { NULL, "", 0, UNIT_COUNT, BLOCK_NONE },
	[WEIGHT_TOTAL] = { NULL, "", 0, UNIT_COUNT, BLOCK_NONE },
};

#define FAULTS_ROWS 20 /* of a block of a text page */
#define FAULTS_PAGE 4096

/* By which rows are sorted: faults or the pages that came with them; then by the rest. */
static int64_t weight(int64_t faults, int64_t grown, int64_t rest)
{
	int64_t came = grown / FAULTS_PAGE;

	rest /= FAULTS_PAGE;
	return (came > faults ? came : faults) * 1024 + (rest > 1023 ? 1023 : rest);
}

static void fill_row(const struct state *s, struct table *t, const struct record *r)
{
	struct cell *c = table_row(t);

	if (!c)
		return;
	by_set(s, &c[PID], &c[TID], record_who(r));
	name_fill(s, t, record_now(r, FAULT_FUNCTION), &c[FUNCTION], &c[FILE_NAME], &c[LINE],
		  &c[WHERE]);
	for (int i = 0; i <= FAULT_UNMAPPED - FAULT_MINOR; i++) {
		c[MINOR + i].number = record_delta(r, FAULT_MINOR + i);
		c[MINOR_TOTAL + i].number = record_total(r, FAULT_MINOR + i);
	}
	c[WEIGHT].number =
		weight(sum_add(c[MINOR].number, c[MAJOR].number), c[GROWN].number,
		       sum_add(c[SHRUNK].number, sum_add(c[MAPPED].number, c[UNMAPPED].number)));
	c[WEIGHT_TOTAL].number =
		weight(sum_add(c[MINOR_TOTAL].number, c[MAJOR_TOTAL].number), c[GROWN_TOTAL].number,
		       sum_add(c[SHRUNK_TOTAL].number,
			       sum_add(c[MAPPED_TOTAL].number, c[UNMAPPED_TOTAL].number)));
}

void page_faults_fill(const struct state *s, struct table *t)
{
	const struct record *r;
	size_t at = 0;

	table_begin(t, columns, N_COLUMNS);
	by_begin(s, t, PID, TID);
	t->by_interval = WEIGHT;
	t->by_total = WEIGHT_TOTAL;
	t->text_rows = FAULTS_ROWS;
	t->empty = "no page faults";
	while ((r = state_each(s, LINE_FAULT, &at)))
		fill_row(s, t, r);
	stack_notes(s, t);
}
