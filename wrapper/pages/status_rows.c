// SPDX-License-Identifier: GPL-2.0-or-later
#include "pages/status_rows.h"

#include <math.h>
#include <string.h>

enum { SUBSYSTEM, VERDICT, PAGE, TEXT, LIMIT, VALUE, WARN_FROM, FAIL_FROM, N_COLUMNS };

static const struct column columns[N_COLUMNS] = {
	[SUBSYSTEM] = { "subsystem", "subsystem", 10, UNIT_TEXT, BLOCK_INTERVAL },
	[VERDICT] = { "verdict", "verdict", 8, UNIT_VERDICT, BLOCK_INTERVAL },
	[PAGE] = { "page", "page", 5, UNIT_NUMBER, BLOCK_INTERVAL },
	[TEXT] = { "text", "", 0, UNIT_TEXT, BLOCK_INTERVAL },
	[LIMIT] = { "limit", "", 0, UNIT_TEXT, BLOCK_NONE },
	[VALUE] = { "value", "", 0, UNIT_SHARE, BLOCK_NONE },
	[WARN_FROM] = { "warn_from", "", 0, UNIT_SHARE, BLOCK_NONE },
	[FAIL_FROM] = { "fail_from", "", 0, UNIT_SHARE, BLOCK_NONE },
};

static const char *const verdicts[] = { NULL, "OK", "WARN", "FAIL" };

const struct state *status_module(const struct status *st, const char *name)
{
	for (int i = 0; i < st->all->n; i++) {
		if (!strcmp(st->all->list[i]->module, name))
			return st->all->list[i];
	}
	return NULL;
}

static const struct status_limits *limits(const struct status *st)
{
	return st->all->limits ? st->all->limits : &status_defaults;
}

enum verdict status_judge(struct status *st, enum status_limit which, double value)
{
	const struct status_limits *l = limits(st);
	enum verdict v = value >= l->limits[which].fail   ? FAIL
			 : value >= l->limits[which].warn ? WARN
							  : OK;

	/* Of those that are as bad, always the same one: the first of the limits. */
	if (st->limit < 0 || v > st->verdict || (v == st->verdict && (int)which < st->limit)) {
		st->limit = which;
		st->value = value;
		st->verdict = v;
	}
	return v;
}

/* The figure that a row was judged by, and its limits. */
static void put_figure(struct status *st, struct cell *c)
{
	int which = st->limit;

	st->limit = -1;
	c[VALUE].unknown = c[WARN_FROM].unknown = c[FAIL_FROM].unknown = true;
	if (which < 0)
		return;
	c[LIMIT] = (struct cell){ .text = status_limit_names[which] };
	c[VALUE] = (struct cell){ .share = st->value };
	c[WARN_FROM].share = limits(st)->limits[which].warn;
	c[WARN_FROM].unknown = isinf(c[WARN_FROM].share);
	c[FAIL_FROM].share = limits(st)->limits[which].fail;
	c[FAIL_FROM].unknown = isinf(c[FAIL_FROM].share);
}

enum verdict status_worse(enum verdict a, enum verdict b)
{
	return a > b ? a : b;
}

void status_row(struct status *st, const char *subsystem, int page, enum verdict v,
		const char *text)
{
	struct cell *c = table_row(st->t);

	if (!c)
		return;
	c[SUBSYSTEM].unknown = c[TEXT].unknown = false;
	c[SUBSYSTEM].text = subsystem;
	c[VERDICT].unknown = v == UNWATCHED;
	c[VERDICT].text = verdicts[v];
	c[PAGE].number = page;
	c[TEXT].text = text;
	put_figure(st, c);
	st->watched += v != UNWATCHED;
	if (v > st->worst) {
		st->worst = v;
		st->worst_page = page;
	}
}

void status_unwatched(struct status *st, const char *subsystem, int page)
{
	status_row(st, subsystem, page, UNWATCHED, "not watched");
}

void status_begin(struct status *st)
{
	st->limit = -1;
	table_begin(st->t, columns, N_COLUMNS);
	st->t->by_interval = st->t->by_total = -1;
}

void status_end(struct status *st)
{
	if (st->worst > OK)
		table_note(st->t, "%s: read page %d next", verdicts[st->worst], st->worst_page);
	else
		table_note(st->t, "all that is watched is well, %d of %d subsystems", st->watched,
			   st->t->n_rows);
}
