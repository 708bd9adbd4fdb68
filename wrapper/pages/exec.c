// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 250, exec: one row per process of the last ones that were started, the latest
 * first.
 */
#include "pages/page.h"

/* clang-format off */
enum {
	NUMBER, TIME, PID, LIFETIME, STATUS, SIGNAL, ENDED_AS, RUNNING, RECENT, PARENT_PID, PARENT,
	COMMAND, PROGRAMS, ARGUMENTS, SHOWN, N_COLUMNS
};
/* clang-format on */

static const struct column columns[N_COLUMNS] = {
	[NUMBER] = { "number", "", 0, UNIT_NUMBER, BLOCK_NONE },
	[TIME] = { "time", "started", 12, UNIT_TIME, BLOCK_INTERVAL },
	[PID] = { "pid", "pid", 8, UNIT_NUMBER, BLOCK_INTERVAL },
	[LIFETIME] = { "lifetime_ns", "lived", 9, UNIT_NS, BLOCK_INTERVAL },
	[STATUS] = { "status", "", 0, UNIT_NUMBER, BLOCK_NONE },
	[SIGNAL] = { "signal", "", 0, UNIT_NUMBER, BLOCK_NONE },
	[ENDED_AS] = { NULL, "status", 8, UNIT_TEXT, BLOCK_INTERVAL },
	[RUNNING] = { "running", "", 0, UNIT_BOOL, BLOCK_NONE },
	[RECENT] = { "recent", "", 0, UNIT_BOOL, BLOCK_NONE },
	[PARENT_PID] = { "parent_pid", "", 0, UNIT_NUMBER, BLOCK_NONE },
	[PARENT] = { "parent", "parent", 12, UNIT_TEXT, BLOCK_INTERVAL },
	[COMMAND] = { "command", "", 0, UNIT_TEXT, BLOCK_NONE },
	[PROGRAMS] = { "programs", "", 0, UNIT_COUNT, BLOCK_NONE },
	[ARGUMENTS] = { "arguments", "", 0, UNIT_TEXT, BLOCK_NONE },
	[SHOWN] = { NULL, "command", 0, UNIT_TEXT, BLOCK_INTERVAL },
};

#define EXEC_ROWS 30 /* of a text page */

static void fill_row(const struct state *s, struct table *t, const struct record *r)
{
	int64_t start = record_now(r, PROCESS_START_NS), end = record_now(r, PROCESS_END_NS);
	int64_t status = record_now(r, PROCESS_STATUS);
	bool ran = record_now(r, PROCESS_PROGRAMS) > 0;
	struct cell *c = table_row(t);

	if (!c)
		return;
	for (int i = 0; i < N_COLUMNS; i++)
		c[i].unknown = false;
	c[NUMBER].number = record_now(r, PROCESS_NUMBER);
	c[TIME].number = state_real_ns(s, start);
	c[PID].number = record_now(r, PROCESS_PID);
	c[LIFETIME].number = end - start;
	c[STATUS].number = status >> 8 & 255;
	c[SIGNAL].number = status & 127;
	c[STATUS].unknown = !end || c[SIGNAL].number;
	c[SIGNAL].unknown = !end || !c[SIGNAL].number;
	c[LIFETIME].unknown = c[ENDED_AS].unknown = !end;
	c[RUNNING].number = !end;
	c[RECENT].number = start >= s->before.mono_ns || end >= s->before.mono_ns;
	c[PARENT_PID].number = record_now(r, PROCESS_PARENT);
	c[PARENT].text = record_text(r, PROCESS_PARENT_NAME);
	c[COMMAND].text = record_text(r, PROCESS_NAME);
	c[PROGRAMS].number = record_now(r, PROCESS_PROGRAMS);
	c[ARGUMENTS].text = record_text(r, PROCESS_ARGUMENTS);
	c[ARGUMENTS].unknown = !ran;
	if (!c[SIGNAL].unknown)
		c[ENDED_AS].text = table_text(t, "sig %d", (int)c[SIGNAL].number);
	else
		c[ENDED_AS].text = table_text(t, "%d", (int)c[STATUS].number);
	c[SHOWN].text = ran ? c[ARGUMENTS].text : table_text(t, "(%s)", c[COMMAND].text);
}

void page_exec_fill(const struct state *s, struct table *t)
{
	const struct record *r;
	size_t at = 0;

	table_begin(t, columns, N_COLUMNS);
	t->by_interval = NUMBER;
	t->text_rows = EXEC_ROWS;
	t->empty = "no process has been started";
	while ((r = state_each(s, LINE_PROCESS, &at)))
		fill_row(s, t, r);
	r = state_first(s, LINE_STARTS);
	table_note(t,
		   "in the interval %lld processes were made, %lld programs begun, %lld processes "
		   "ended, %lld of them not with status 0",
		   (long long)record_delta(r, STARTS_FORKS),
		   (long long)record_delta(r, STARTS_PROGRAMS),
		   (long long)record_delta(r, STARTS_ENDS),
		   (long long)record_delta(r, STARTS_FAILURES));
}
