// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * teletap check: page 200 as a plugin of a monitoring system: one line with performance data,
 * and an exit status of its own: 0 OK, 1 WARN, 2 FAIL, 3 not known. It ends within 10 s, whatever
 * happens: what is not there by then is not known. A module that is loaded for it is taken out
 * by its reaper. A configuration's targets are checked all at once, and the host once beside them.
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
#include "net/targets.h"
#include "render/render.h"
#include "source/source.h"

#define PATIENCE_MS 7000
#define END_S 9
#define INTERVAL_S 2.0
#define UNKNOWN 3
#define PAGE_OF_HOST 203

static const char *const words[] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };

/* One that is checked. */
struct checked {
	const char *name; /* in the configuration; NULL: the only one, or the host */
	struct source *source;
	char *why; /* it could not be opened */
	struct render r;
	struct states all;
	struct table t; /* of its page, when that has come: */
	bool come, done;
	int verdict;
};

struct checks {
	struct checked *list;
	int n;
};

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

/* Rows of the host are the host's own, where it is checked beside targets. */
static int verdict_of(const struct checked *c, int r)
{
	const struct table *t = &c->t;
	const struct cell *row = t->cells + r * t->n_columns;
	const struct cell *word = &row[column_of(t, "verdict")];

	if (word->unknown || (c->name && row[column_of(t, "page")].number == PAGE_OF_HOST))
		return 0;
	return !strcmp(word->text, "FAIL") ? 2 : !strcmp(word->text, "WARN");
}

static int worst_row(const struct checked *c)
{
	int worst = 0;

	for (int r = 0; r < c->t.n_rows; r++)
		worst = verdict_of(c, r) > worst ? verdict_of(c, r) : worst;
	return worst;
}

/* What is known to have failed is worse than what is not known, and that is worse than WARN. */
static int worst_of(const struct checks *all)
{
	static const int order[] = { 0, 1, 3, 2 };
	int worst = 0;

	for (int i = 0; i < all->n; i++) {
		if (order[all->list[i].verdict] > order[worst])
			worst = all->list[i].verdict;
	}
	return worst;
}

/* NAME=VALUE;WARN;FAIL;0, by the limits' names in the configuration; of a target TARGET/NAME. */
static void print_figures(const struct checked *c)
{
	const struct table *t = &c->t;
	int value = column_of(t, "value"), label = column_of(t, "limit");
	int limits[] = { column_of(t, "warn_from"), column_of(t, "fail_from") };

	for (int r = 0; r < t->n_rows; r++) {
		const struct cell *row = t->cells + r * t->n_columns;

		if (row[value].unknown ||
		    (c->name && row[column_of(t, "page")].number == PAGE_OF_HOST))
			continue;
		printf(" %s%s%s=%.6g", c->name ? c->name : "", c->name ? "/" : "", row[label].text,
		       row[value].share);
		for (int i = 0; i < 2; i++) {
			putchar(';');
			if (!row[limits[i]].unknown)
				printf("%.6g", row[limits[i]].share);
		}
		fputs(";0", stdout);
	}
}

static const char *why_of(const struct checked *c)
{
	return c->why ? c->why : "page 200 has not come in time";
}

/* What is not well about one. */
static void print_said(const struct checked *c, int *said)
{
	const struct table *t = &c->t;
	int name = column_of(t, "subsystem"), text = column_of(t, "text");

	if (!c->come) {
		printf("%s%s%s", (*said)++ ? "; " : "", c->name ? c->name : "",
		       c->name ? ": " : "");
		put_text(why_of(c));
		return;
	}
	for (int r = 0; r < t->n_rows; r++) {
		const struct cell *row = t->cells + r * t->n_columns;
		int bad = verdict_of(c, r);

		if (!bad)
			continue;
		printf("%s%s%s%s %s, ", (*said)++ ? "; " : "", c->name ? c->name : "",
		       c->name ? ": " : "", row[name].text, bad == 2 ? "FAIL" : "WARN");
		put_text(row[text].text);
	}
}

/* The line: what is not well, or that all is; then the figures with their limits. */
static void print_line(const struct checks *all)
{
	const struct table *first = &all->list[0].t;
	int said = 0;

	printf("TELETAP %s: ", words[verdict]);
	for (int i = 0; i < all->n; i++)
		print_said(&all->list[i], &said);
	if (!said && all->n > 1)
		printf("all that is watched is well, of this host and %d targets", all->n - 1);
	else if (!said)
		put_text(first->n_notes ? first->notes[first->n_notes - 1] : "");
	for (int i = 0, begun = 0; i < all->n; i++) {
		if (all->list[i].come && !begun++)
			fputs(" |", stdout);
		if (all->list[i].come)
			print_figures(&all->list[i]);
	}
	putchar('\n');
}

/* One object; of several, each with its name, or null for the host. */
static void print_json(const struct checked *c, bool several)
{
	char *name = c->name ? quote_json(c->name) : NULL;
	char *answer = c->come ? render_json(&c->r) : quote_json(why_of(c));

	if (answer && several)
		printf("{\"target\":%s,\"%s\":%s}\n", name ? name : "null",
		       c->come ? "answer" : "unknown", answer);
	else if (answer)
		puts(answer);
	free(answer);
	free(name);
}

static void print_all(const struct opts *o, struct checks *all)
{
	for (int i = 0; i < all->n; i++) {
		struct checked *c = &all->list[i];

		if (c->come)
			page_fill(c->r.page, c->r.state, c->r.states, &c->t);
		c->verdict = c->come ? worst_row(c) : UNKNOWN;
	}
	verdict = worst_of(all);
	for (int i = 0; i < all->n && o->output == OUTPUT_JSON; i++)
		if (all->n > 1 || all->list[i].come)
			print_json(&all->list[i], all->n > 1);
	if (o->output != OUTPUT_JSON || (all->n == 1 && !all->list[0].come))
		print_line(all);
	for (int i = 0; i < all->n; i++) {
		if (all->list[i].come)
			table_free(&all->list[i].t);
	}
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

/* Whether the page will not come at all; c->why is then said. */
static bool cannot(struct checked *c, const struct page *page)
{
	char *why = NULL;
	bool will_not = c->source->judge(c->source, page, &why) == PAGE_CANNOT;

	if (will_not)
		fail(&c->why, 0, "page %d: %s", page->number, why ? why : "it cannot be had");
	free(why);
	return will_not;
}

/* Goes on with one; whether its second page is there: the first one's interval is short. */
static bool step(struct checked *c, const struct page *page, int64_t now, int *due)
{
	struct source *s = c->source;
	int next = s->step(s, now);

	*due = next < *due ? next : *due;
	c->r = (struct render){ .page = page };
	s->show(s, page, &c->r, &c->all);
	c->come = c->r.state && c->r.number >= 1;
	if (!c->come && cannot(c, page))
		return true;
	return c->r.state && c->r.number >= 2 && !is_warming(s, page);
}

static void wait_for_pages(struct checks *all, const struct page *page, struct pollfd *fds)
{
	int64_t now = clock_ms(CLOCK_MONOTONIC), until = now + PATIENCE_MS;
	bool waits = true;

	for (int i = 0; i < all->n; i++) {
		if (all->list[i].source)
			all->list[i].source->want(all->list[i].source, page, now);
	}
	for (; waits && now < until; now = clock_ms(CLOCK_MONOTONIC)) {
		int due = (int)(until - now);
		nfds_t n = 0;

		waits = false;
		for (int i = 0; i < all->n; i++) {
			struct checked *c = &all->list[i];

			if (!c->source || c->done)
				continue;
			c->done = step(c, page, now, &due);
			waits |= !c->done;
			if (!c->done)
				n += (nfds_t)c->source->fds(c->source, fds + n);
		}
		if (waits)
			poll(fds, n, due);
	}
}

/* Reads what is to be checked, and opens it. The targets own what their names point to. */
static int open_all(struct checks *all, struct targets *targets, const struct opts *o, char **msg)
{
	bool named = opts_name_program(o) || o->pid_file;
	int err = named ? 0 : targets_read(targets, o, msg);

	if (err)
		return err;
	all->list = calloc((size_t)targets->n + 1, sizeof(*all->list));
	if (!all->list)
		return -ENOMEM;
	for (; all->n <= targets->n; all->n++) {
		const struct served *served = all->n ? &targets->list[all->n - 1] : NULL;
		struct checked *c = &all->list[all->n];

		c->name = served ? served->name : NULL;
		err = served && !served->o.n_files ? live_there(&served->o, &c->why) : 0;
		if (!err)
			c->source = live_open(served ? &served->o : o, &err, &c->why);
		if (!c->source && !c->why)
			c->why = strdup(strerror(-err));
	}
	return 0;
}

static void close_all(struct checks *all)
{
	for (int i = 0; i < all->n; i++) {
		if (all->list[i].source)
			all->list[i].source->close(all->list[i].source);
		free(all->list[i].why);
	}
	free(all->list);
}

enum status cmd_check(const struct opts *given)
{
	struct targets targets = { 0 };
	struct checks all = { 0 };
	struct pollfd *fds = NULL;
	struct opts o = *given;
	char *msg = NULL;
	int err;

	if (o.n_args) {
		say("%s: no argument is needed", o.args[0]);
		return STATUS_REFUSED;
	}
	o.interval = INTERVAL_S;
	signal(SIGALRM, end);
	alarm(END_S);
	err = open_all(&all, &targets, &o, &msg);
	if (!err)
		fds = calloc((size_t)all.n * SOURCE_FDS, sizeof(*fds));
	if (fds) {
		wait_for_pages(&all, page_find("status"), fds);
		print_all(&o, &all);
	} else {
		printf("TELETAP UNKNOWN: ");
		put_text(msg ? msg : strerror(err ? -err : ENOMEM));
		putchar('\n');
	}
	fflush(stdout);
	printed = true;
	close_all(&all);
	targets_free(&targets);
	free(fds);
	free(msg);
	return (enum status)verdict;
}
