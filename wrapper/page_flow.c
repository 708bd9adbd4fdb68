// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 222, flow: one row per event, in order. Indented by how many functions are open
 * in the thread, as far as that differs among the events shown.
 */
#include "page.h"

/* clang-format off */
enum { TIME, DELTA, TID, FLOW, TOOK, EVENT, DEPTH, FUNCTION, LINE, FILE_NAME, N_COLUMNS };
/* clang-format on */

static const struct column columns[N_COLUMNS] = {
	[TIME] = { "time", "time", 16, UNIT_TIME, BLOCK_INTERVAL },
	[DELTA] = { "delta_ns", "delta", 9, UNIT_NS, BLOCK_INTERVAL },
	[TID] = { "tid", "thread", 8, UNIT_NUMBER, BLOCK_INTERVAL },
	[TOOK] = { "took_ns", "took", 9, UNIT_NS, BLOCK_INTERVAL },
	[FLOW] = { NULL, "flow", 0, UNIT_TEXT, BLOCK_INTERVAL },
	[EVENT] = { "event", "event", 7, UNIT_TEXT, BLOCK_NONE },
	[DEPTH] = { "depth", "depth", 6, UNIT_COUNT, BLOCK_NONE },
	[FUNCTION] = { "function", "function", 22, UNIT_TEXT, BLOCK_NONE },
	[LINE] = { "line", "line", 6, UNIT_NUMBER, BLOCK_NONE },
	[FILE_NAME] = { "file", "file", 24, UNIT_PATH, BLOCK_NONE },
};

/* The fields of LINE_FLOW, LINE_NAME and LINE_TIMED records. */
enum { E_EVENT, E_AT, E_TID, E_DEPTH, E_KIND, E_ID, E_TOOK };
enum { N_ID, N_FUNCTION, N_FILE, N_LINE };
enum { T_TIMED, T_JIT };

#define INDENT_MAX 24

#define THREADS 64 /* more than these have no delta */

/* The last event of each thread. */
struct last {
	int64_t tid, at;
};

/* The time since the event before in the same thread; -1 for its first one. */
static int64_t delta(struct last last[THREADS], int64_t tid, int64_t at)
{
	int64_t before;
	int i = 0;

	while (i < THREADS && last[i].tid && last[i].tid != tid)
		i++;
	if (i == THREADS)
		return -1;
	before = last[i].tid ? last[i].at : at + 1;
	last[i] = (struct last){ .tid = tid, .at = at };
	return at - before;
}

static void fill_row(const struct state *s, const struct record *r, int64_t base,
		     struct last last[THREADS], struct table *t, struct cell *c)
{
	const struct record *name = state_find(s, LINE_NAME, record_now(r, E_ID));
	int64_t indent = 2 * (record_now(r, E_DEPTH) - base);
	bool entry = record_now(r, E_KIND) == 0;

	c[TIME].number = s->now.real_ns - s->now.mono_ns + record_now(r, E_AT);
	c[DELTA].number = delta(last, record_now(r, E_TID), record_now(r, E_AT));
	c[DELTA].unknown = c[DELTA].number < 0;
	c[TID].number = record_now(r, E_TID);
	c[DEPTH].number = record_now(r, E_DEPTH);
	c[TOOK].number = record_now(r, E_TOOK);
	c[TOOK].unknown = record_now(r, E_TOOK) < 0;
	c[EVENT] = (struct cell){ .text = entry ? "entry" : "return" };
	c[FUNCTION] = (struct cell){ .text = record_text(name, N_FUNCTION), .unknown = !name };
	c[FILE_NAME] = (struct cell){ .text = record_text(name, N_FILE), .unknown = !name };
	c[LINE].number = record_now(name, N_LINE);
	c[FLOW] =
		(struct cell){ .text = table_text(t, "%*s%s %s",
						  (int)(indent < INDENT_MAX ? indent : INDENT_MAX),
						  "", entry ? "->" : "<-",
						  name ? record_text(name, N_FUNCTION) : "?") };
}

void page_flow_fill(const struct state *s, struct table *t)
{
	struct last last[THREADS] = { 0 };
	const struct record *r, *how;
	int64_t base = INT64_MAX, left;
	size_t at = 0;

	table_begin(t, columns, N_COLUMNS);
	t->by_interval = t->by_total = -1;
	t->empty = "no calls";
	while ((r = state_each(s, LINE_FLOW, &at))) {
		if (record_now(r, E_DEPTH) < base)
			base = record_now(r, E_DEPTH);
	}
	at = 0;
	while ((r = state_each(s, LINE_FLOW, &at))) {
		struct cell *c = table_row(t);

		if (!c)
			return;
		fill_row(s, r, base, last, t, c);
	}
	at = 0;
	left = record_delta(state_each(s, LINE_LEFT, &at), 0);
	at = 0;
	how = state_each(s, LINE_TIMED, &at);
	if (left)
		table_note(t,
			   "%lld events of the interval are left out: choose with --function and "
			   "--file, or raise --rate",
			   (long long)left);
	if (record_now(how, T_JIT))
		table_note(t, "the program's JIT is on (PYTHON_JIT): what it has compiled is not "
			      "shown any more");
	if (how && !record_now(how, T_TIMED))
		table_note(t, "this CPython says when a function returns, not when it begins");
}
