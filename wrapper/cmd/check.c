// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * teletap check: page 200 as a plugin of a monitoring system: one line with performance data,
 * and an exit status of its own: 0 OK, 1 WARN, 2 FAIL, 3 not known. It ends within 10 s, whatever
 * happens: what is not there by then is not known. A module that is loaded for it is taken out
 * by its reaper.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fail.h"
#include "cmd/cmd.h"
#include "cmd/page_list.h"
#include "model/quote.h"
#include "render/render.h"
#include "source/source.h"

#define PATIENCE_MS 7000
#define END_S 9
#define INTERVAL_S 2.0
#define UNKNOWN 3

static const char *const words[] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };

/* For the signal: what is printed already, and the status to end with. */
static volatile sig_atomic_t printed, verdict = UNKNOWN;

static void end(int number)
{
	static const char late[] = "TELETAP UNKNOWN: no answer in time\n";

	(void)number;
	if (!printed && write(STDOUT_FILENO, late, sizeof(late) - 1) < 0)
		_exit(UNKNOWN);
	_exit(verdict);
}

/* Neither what a terminal acts upon nor what ends the text of a plugin. */
static void put_text(const char *text)
{
	char *quoted = quote_text(text);

	for (char *c = quoted; c && *c; c++)
		putchar(*c == '|' ? '/' : *c);
	free(quoted);
}

static int column_of(const struct table *t, const char *key)
{
	for (int c = 0; c < t->n_columns; c++) {
		if (!strcmp(t->columns[c].key, key))
			return c;
	}
	return 0;
}

static int verdict_of(const struct table *t, int r)
{
	const struct cell *c = &t->cells[r * t->n_columns + column_of(t, "verdict")];

	return c->unknown ? 0 : !strcmp(c->text, "FAIL") ? 2 : !strcmp(c->text, "WARN");
}

static int worst_of(const struct table *t)
{
	int worst = 0;

	for (int r = 0; r < t->n_rows; r++)
		worst = verdict_of(t, r) > worst ? verdict_of(t, r) : worst;
	return worst;
}

/* NAME=VALUE;WARN;FAIL;0, by the limits' names in the configuration. */
static void print_figures(const struct table *t)
{
	int value = column_of(t, "value"), label = column_of(t, "limit");
	int limits[] = { column_of(t, "warn_from"), column_of(t, "fail_from") };

	fputs(" |", stdout);
	for (int r = 0; r < t->n_rows; r++) {
		const struct cell *row = t->cells + r * t->n_columns;

		if (row[value].unknown)
			continue;
		printf(" %s=%.6g", row[label].text, row[value].share);
		for (int i = 0; i < 2; i++) {
			putchar(';');
			if (!row[limits[i]].unknown)
				printf("%.6g", row[limits[i]].share);
		}
		fputs(";0", stdout);
	}
}

/* The line: what is not well, or that all is; then the figures with their limits. */
static void print_line(const struct table *t, int worst)
{
	int name = column_of(t, "subsystem"), text = column_of(t, "text"), said = 0;

	printf("TELETAP %s: ", words[worst]);
	for (int r = 0; worst && r < t->n_rows; r++) {
		const struct cell *row = t->cells + r * t->n_columns;

		if (!verdict_of(t, r))
			continue;
		printf("%s%s %s, ", said++ ? "; " : "", row[name].text,
		       verdict_of(t, r) == 2 ? "FAIL" : "WARN");
		put_text(row[text].text);
	}
	if (!worst)
		put_text(t->n_notes ? t->notes[t->n_notes - 1] : "");
	print_figures(t);
	putchar('\n');
}

static void print_page(const struct opts *o, const struct render *r)
{
	struct table t;
	char *json;

	page_fill(r->page, r->state, r->states, &t);
	verdict = worst_of(&t);
	if (o->output == OUTPUT_JSON && (json = render_json(r))) {
		puts(json);
		free(json);
	} else {
		print_line(&t, verdict);
	}
	table_free(&t);
}

/* Whether one of the pages that this one draws from is on its way. */
static bool is_warming(struct source *s, const struct page *page)
{
	bool warming = false;

	for (int i = 0; i < n_pages; i++) {
		char *why = NULL;

		for (int k = 0; k < PAGE_ALSO && page->also[k]; k++)
			warming |= pages[i].number == page->also[k] &&
				   s->judge(s, &pages[i], &why) == PAGE_WARMING;
		free(why);
	}
	return warming;
}

/* Waits for the second page: the first one's interval is short. False: it has not come. */
static bool wait_for_page(struct source *s, struct render *r, struct states *all)
{
	int64_t now = clock_ms(CLOCK_MONOTONIC), until = now + PATIENCE_MS;
	const struct page *page = r->page;

	s->want(s, page, now);
	for (; now < until; now = clock_ms(CLOCK_MONOTONIC)) {
		struct pollfd fds[SOURCE_FDS];
		int due = s->step(s, now);

		*r = (struct render){ .page = page };
		s->show(s, page, r, all);
		if (r->state && r->number >= 2 && !is_warming(s, page))
			return true;
		poll(fds, (nfds_t)s->fds(s, fds), due < until - now ? due : (int)(until - now));
	}
	return r->state && r->number >= 1;
}

static int say_unknown(const char *why)
{
	printf("TELETAP UNKNOWN: ");
	put_text(why ? why : "out of memory");
	putchar('\n');
	fflush(stdout);
	return UNKNOWN;
}

enum status cmd_check(const struct opts *given)
{
	struct opts o = *given;
	struct render r = { .page = page_find("status") };
	struct states all;
	struct source *s;
	char *msg = NULL;
	int err = 0;

	if (o.n_args) {
		say("%s: no argument is needed", o.args[0]);
		return STATUS_REFUSED;
	}
	o.interval = INTERVAL_S;
	signal(SIGALRM, end);
	alarm(END_S);
	s = live_open(&o, &err, &msg);
	if (!s) {
		say_unknown(msg ? msg : strerror(-err));
		free(msg);
		return STATUS_REFUSED;
	}
	if (wait_for_page(s, &r, &all))
		print_page(&o, &r);
	else
		say_unknown("page 200 has not come in time");
	fflush(stdout);
	printed = true;
	s->close(s);
	return (enum status)verdict;
}
