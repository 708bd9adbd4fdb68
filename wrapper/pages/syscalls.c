// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 233, syscalls: a row for each Python function and system call that it made.
 */
#include "pages/page.h"

#include <inttypes.h>
#include <stdlib.h>

#include "model/sum.h"
#include "model/syscalls.h"
#include "pages/function_name.h"
#include "pages/split.h"
#include "pages/stack_frames.h"

/* clang-format off */
enum {
	PID, TID, FUNCTION, FILE_NAME, LINE, CALL, CALLS_NOW, FAILED, TIME, MAX, CALLS_TOTAL,
	FAILED_TOTAL, ERROR, TIME_TOTAL, OPEN, SHOWN, WHERE, N_COLUMNS
};
/* clang-format on */

static const struct column columns[N_COLUMNS] = {
	[PID] = BY_PID_COLUMN,
	[TID] = BY_TID_COLUMN,
	[CALL] = { "call", "", 0, UNIT_TEXT, BLOCK_NONE },
	[CALLS_NOW] = { "calls", "calls", 8, UNIT_COUNT, BLOCK_INTERVAL },
	[FAILED] = { "errors", "errors", 7, UNIT_COUNT, BLOCK_INTERVAL },
	[TIME_TOTAL] = { "time_ns_total", "time", 9, UNIT_NS, BLOCK_TOTAL },
	[TIME] = { "time_ns.total", "time", 9, UNIT_NS, BLOCK_INTERVAL },
	[MAX] = { "time_ns.max", "longest", 9, UNIT_NS, BLOCK_INTERVAL },
	[SHOWN] = { NULL, "call", 15, UNIT_TEXT, BLOCK_BOTH },
	[ERROR] = { "error", "most are", 11, UNIT_TEXT, BLOCK_TOTAL },
	[WHERE] = { NULL, "function", 0, UNIT_TEXT, BLOCK_BOTH },
	[FUNCTION] = { "function", "", 0, UNIT_TEXT, BLOCK_NONE },
	[FILE_NAME] = { "file", "", 0, UNIT_PATH, BLOCK_NONE },
	[LINE] = { "line", "", 0, UNIT_NUMBER, BLOCK_NONE },
	[CALLS_TOTAL] = { "calls_total", "calls", 8, UNIT_COUNT, BLOCK_TOTAL },
	[FAILED_TOTAL] = { "errors_total", "errors", 7, UNIT_COUNT, BLOCK_TOTAL },
	[OPEN] = { "open", "", 0, UNIT_COUNT, BLOCK_NONE },
};

#define SYSCALLS_ROWS 20 /* of a block of a text page */

/* The errors of all rows, those of a row together, the most frequent one first. */
struct errors {
	const struct record **records;
	size_t n;
};

static int by_place(const struct record *x, int64_t who, int64_t name, int64_t call)
{
	int64_t d = record_who(x) - who;

	if (!d)
		d = sum_minus(record_now(x, FAILED_FUNCTION), name);
	if (!d)
		d = sum_minus(record_now(x, FAILED_CALL), call);
	return d < 0 ? -1 : d > 0;
}

static int by_place_and_count(const void *a, const void *b)
{
	const struct record *x = *(const struct record *const *)a;
	const struct record *y = *(const struct record *const *)b;
	int order = by_place(x, record_who(y), record_now(y, FAILED_FUNCTION),
			     record_now(y, FAILED_CALL));
	int64_t d = record_total(y, FAILED_COUNT) - record_total(x, FAILED_COUNT);

	return order ? order : d < 0 ? -1 : d > 0;
}

static void errors_read(const struct state *s, struct errors *e)
{
	e->records = state_list(s, LINE_FAILED, &e->n);
	if (e->records)
		qsort(e->records, e->n, sizeof(const struct record *), by_place_and_count);
}

/* The most frequent error of a row, of whose it is, its function and call; NULL: none. */
static const char *errors_most(const struct errors *e, struct table *t, int64_t who, int64_t name,
			       int64_t call)
{
	size_t low = 0, high = e->n;
	const char *text;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (by_place(e->records[middle], who, name, call) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == e->n || by_place(e->records[low], who, name, call))
		return NULL;
	text = call_error(record_now(e->records[low], FAILED_ERROR));
	return text ? text : table_text(t, "%" PRId64, record_now(e->records[low], FAILED_ERROR));
}

static void fill_row(const struct state *s, struct table *t, const struct record *r,
		     const struct errors *e)
{
	int64_t call = record_now(r, SYSCALL_CALL), name = record_now(r, SYSCALL_FUNCTION);
	struct cell *c = table_row(t);
	char room[CALL_NAME];

	if (!c)
		return;
	by_set(s, &c[PID], &c[TID], record_who(r));
	name_fill(s, t, name, &c[FUNCTION], &c[FILE_NAME], &c[LINE], &c[WHERE]);
	c[CALL] = c[SHOWN] = (struct cell){ .text = table_text(t, "%s", call_name(call, room)) };
	c[CALLS_NOW].number = record_delta(r, SYSCALL_BEGUN);
	c[CALLS_TOTAL].number = record_total(r, SYSCALL_BEGUN);
	c[FAILED].number = record_delta(r, SYSCALL_ERRORS);
	c[FAILED_TOTAL].number = record_total(r, SYSCALL_ERRORS);
	c[TIME].number = record_delta(r, SYSCALL_TIME_NS);
	c[TIME_TOTAL].number = record_total(r, SYSCALL_TIME_NS);
	c[MAX].number = record_now(r, SYSCALL_MAX_NS);
	c[OPEN].number = record_now(r, SYSCALL_BEGUN) - record_now(r, SYSCALL_ENDED);
	c[ERROR].text = errors_most(e, t, record_who(r), name, call);
	c[ERROR].unknown = !c[ERROR].text;
}

void page_syscalls_fill(const struct state *s, struct table *t)
{
	const struct record *r;
	int64_t open = 0, unpaired;
	struct errors e;
	size_t at = 0;

	table_begin(t, columns, N_COLUMNS);
	by_begin(s, t, PID, TID);
	t->by_interval = TIME;
	t->by_total = TIME_TOTAL;
	t->text_rows = SYSCALLS_ROWS;
	t->empty = "no system calls";
	errors_read(s, &e);
	while ((r = state_each(s, LINE_SYSCALL, &at))) {
		fill_row(s, t, r, &e);
		open = sum_add(open, record_now(r, SYSCALL_BEGUN) - record_now(r, SYSCALL_ENDED));
	}
	free(e.records);
	if (open > 0)
		table_note(t, "%" PRId64 " of the calls are under way: their time so far counts",
			   open);
	unpaired = record_total(state_first(s, LINE_UNPAIRED), UNPAIRED_COUNT);
	if (unpaired > 0)
		table_note(t,
			   "%" PRId64
			   " calls had begun before the page was switched on: they do not count",
			   unpaired);
	stack_notes(s, t);
}
