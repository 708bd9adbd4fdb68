// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 231, audit: a row for each event, and one for each argument of those events whose
 * arguments are kept. The interval's block has the events, the other one the arguments.
 */
#include "pages/page.h"
#include "pages/split.h"
#include "pages/stack_frames.h"

#include <string.h>

/* clang-format off */
enum {
	PID, TID, KIND, EVENT, ARGUMENT, FUNCTION, FILE_NAME, LINE, EVENTS, EVENTS_TOTAL,
	SHOWN, RATE, SINCE, NAME, ARGUED, ARGUED_NAME, WHERE, WHAT, N_COLUMNS
};
/* clang-format on */

static const struct column columns[N_COLUMNS] = {
	[PID] = BY_PID_COLUMN,
	[TID] = BY_TID_COLUMN,
	[KIND] = { "kind", "", 0, UNIT_TEXT, BLOCK_NONE },
	[EVENT] = { "event", "", 0, UNIT_TEXT, BLOCK_NONE },
	[ARGUMENT] = { "argument", "", 0, UNIT_TEXT, BLOCK_NONE },
	[FUNCTION] = { "function", "", 0, UNIT_TEXT, BLOCK_NONE },
	[FILE_NAME] = { "file", "", 0, UNIT_PATH, BLOCK_NONE },
	[LINE] = { "line", "", 0, UNIT_NUMBER, BLOCK_NONE },
	[EVENTS] = { "events", "", 0, UNIT_COUNT, BLOCK_NONE },
	[EVENTS_TOTAL] = { "events_total", "", 0, UNIT_COUNT, BLOCK_NONE },
	[SHOWN] = { NULL, "events", 10, UNIT_COUNT, BLOCK_INTERVAL },
	[RATE] = { NULL, "a second", 10, UNIT_COUNT, BLOCK_INTERVAL },
	[SINCE] = { NULL, "in all", 10, UNIT_COUNT, BLOCK_INTERVAL },
	[NAME] = { NULL, "event", 0, UNIT_TEXT, BLOCK_INTERVAL },
	[ARGUED] = { NULL, "events", 8, UNIT_COUNT, BLOCK_TOTAL },
	[ARGUED_NAME] = { NULL, "event", 17, UNIT_TEXT, BLOCK_TOTAL },
	[WHERE] = { NULL, "raised in", 20, UNIT_TEXT, BLOCK_TOTAL },
	[WHAT] = { NULL, "argument", 0, UNIT_PATH, BLOCK_TOTAL },
};

#define AUDIT_ROWS 30 /* of a block of a text page */

static void set(struct cell *c, const char *text)
{
	c->text = text;
	c->unknown = false;
}

/* A name by its number; false: it is not known. */
static bool set_name(const struct state *s, struct cell *c, int64_t id)
{
	const struct record *name = state_find(s, LINE_NAME, id);

	if (name)
		set(c, record_text(name, NAME_FUNCTION));
	return name;
}

static void fill_event(const struct state *s, struct table *t, const struct record *r)
{
	struct cell *c = table_row(t);
	double seconds = state_interval_s(s);

	if (!c)
		return;
	by_set(s, &c[PID], &c[TID], record_who(r));
	set(&c[KIND], "event");
	set_name(s, &c[EVENT], record_now(r, AUDIT_EVENT));
	c[LINE].unknown = true;
	c[EVENTS].number = c[SHOWN].number = record_delta(r, AUDIT_COUNT);
	c[EVENTS_TOTAL].number = c[SINCE].number = record_total(r, AUDIT_COUNT);
	if (seconds > 0)
		c[RATE].number = (int64_t)((double)record_delta(r, AUDIT_COUNT) / seconds + 0.5);
	c[NAME] = c[EVENT];
}

static void fill_argument(const struct state *s, struct table *t, const struct record *r)
{
	const struct record *argument = state_find(s, LINE_ARGUMENT, record_now(r, ARGUED_ROW));
	const struct record *name =
		state_find(s, LINE_NAME, record_now(argument, ARGUMENT_FUNCTION));
	struct cell *c = table_row(t);

	if (!c)
		return;
	by_set(s, &c[PID], &c[TID], record_who(r));
	set(&c[KIND], "argument");
	set_name(s, &c[EVENT], record_now(argument, ARGUMENT_EVENT));
	c[LINE].unknown = !name;
	if (argument)
		set(&c[ARGUMENT], record_text(argument, ARGUMENT_TEXT));
	if (name) {
		set(&c[FUNCTION], record_text(name, NAME_FUNCTION));
		set(&c[FILE_NAME], record_text(name, NAME_FILE));
		c[LINE].number = record_now(name, NAME_LINE);
	}
	c[EVENTS].number = record_delta(r, ARGUED_COUNT);
	c[EVENTS_TOTAL].number = c[ARGUED].number = record_total(r, ARGUED_COUNT);
	c[ARGUED_NAME] = c[EVENT];
	c[WHERE] = c[FUNCTION];
	c[WHAT] = c[ARGUMENT];
}

/* What the extension says when a hook of the program refuses its own (python/native/audit.c). */
static bool is_refusal(const struct state *s, const struct record *r)
{
	const struct record *name = state_find(s, LINE_NAME, record_now(r, AUDIT_EVENT));

	return name && !strcmp(record_text(name, NAME_FUNCTION), "teletap.refused");
}

void page_audit_fill(const struct state *s, struct table *t)
{
	const struct record *r;
	bool refused = false;
	size_t at = 0;

	table_begin(t, columns, N_COLUMNS);
	by_begin(s, t, PID, TID);
	t->by_interval = SHOWN;
	t->by_total = ARGUED;
	t->text_rows = AUDIT_ROWS;
	t->empty = "none";
	while ((r = state_each(s, LINE_AUDIT, &at))) {
		if (is_refusal(s, r))
			refused = true;
		else
			fill_event(s, t, r);
	}
	at = 0;
	while ((r = state_each(s, LINE_ARGUED, &at)))
		fill_argument(s, t, r);
	if (refused)
		table_note(t, "a hook of the program refuses the extension's: there are processes "
			      "whose events are not known");
	stack_note_unread(s, t);
	if (record_now(state_first(s, LINE_STACKS), STACKS_STATE))
		table_note(t, "this build of Python cannot be read: there are no arguments and no "
			      "functions");
}
