// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * 80 columns, no boxes: a page can be read out over a telephone.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "quote.h"
#include "render.h"

#define BOLD "\033[1m"
#define RED "\033[31m"
#define PLAIN "\033[0m"

static void format_ns(int64_t ns, char *out, size_t size)
{
	static const struct {
		double unit;
		const char *name;
	} units[] = { { 1e9, "s" }, { 1e6, "ms" }, { 1e3, "us" }, { 1, "ns" } };
	int i = 0;

	if (!ns) {
		snprintf(out, size, "0");
		return;
	}
	while (i < 3 && (double)ns < units[i].unit)
		i++;
	/* three digits that count, whatever the unit */
	for (int digits = 2; digits >= 0; digits--) {
		double value = (double)ns / units[i].unit;

		snprintf(out, size, "%.*f %s", units[i].unit > 1 ? digits : 0, value, units[i].name);
		if (value < 10 || (value < 100 && digits == 1) || digits == 0)
			return;
	}
}

static void format_cell(const struct column *c, const union cell *cell, char *out, size_t size)
{
	switch (c->unit) {
	case UNIT_NS:
		format_ns(cell->number, out, size);
		break;
	case UNIT_SHARE:
		snprintf(out, size, "%.2f%%", 100 * cell->share);
		break;
	case UNIT_NUMBER:
	case UNIT_COUNT:
		snprintf(out, size, "%" PRId64, cell->number);
		break;
	}
}

static void draw_block(FILE *f, const struct table *t, enum block block)
{
	char text[64];

	for (int c = 0; c < t->n_columns; c++) {
		if (t->columns[c].block & block)
			fprintf(f, "%*s", t->columns[c].width, t->columns[c].head);
	}
	fputc('\n', f);
	for (int r = 0; r < t->n_rows; r++) {
		for (int c = 0; c < t->n_columns; c++) {
			if (!(t->columns[c].block & block))
				continue;
			format_cell(&t->columns[c], &t->cells[r][c], text, sizeof(text));
			/* a figure too wide for its column keeps its distance */
			fprintf(f, "%s%*s", (int)strlen(text) >= t->columns[c].width && c ? " " : "",
				t->columns[c].width, text);
		}
		fputc('\n', f);
	}
}

static void draw_head(FILE *f, const struct render *r)
{
	const struct state *s = r->state;
	time_t second = (time_t)(s->now.real_ns / 1000000000);
	char left[64], right[64], stamp[32], *exe = quote_text(r->target->exe);
	struct tm tm;

	gmtime_r(&second, &tm);
	strftime(stamp, sizeof(stamp), "%Y-%m-%d %H:%M:%S UTC", &tm);
	snprintf(left, sizeof(left), "%d %s  %s", r->page->number, r->page->name, r->page->title);
	fprintf(f, "%s%-56s%s %s\n", r->color ? BOLD : "", left, r->color ? PLAIN : "", stamp);

	fprintf(f, "%s", exe ? exe : "?");
	if (*r->target->python)
		fprintf(f, ", Python %s", r->target->python);
	if (r->target->pid)
		fprintf(f, ", process %d", r->target->pid);
	else
		fprintf(f, ", every process");
	if (s->now.processes > 1)
		fprintf(f, ", %" PRId64 " seen", s->now.processes);
	snprintf(right, sizeof(right), "%s", r->last ? ", the last one" : "");
	fprintf(f, "\npage %ld%s: the last %.1f s of %.1f s watched\n\n", r->number, right,
		state_interval_s(s), state_attached_s(s));
	free(exe);
}

static void draw_loss(FILE *f, const struct render *r)
{
	const struct state *s = r->state;
	const struct loss *l = &s->now.loss;

	if (!l->skipped && !l->dropped && !l->table_full && !s->malformed && !s->unknown) {
		fputs("\nNothing was lost.\n", f);
		return;
	}
	fprintf(f, "\n%sNOT EXACT:%s skipped %" PRId64 ", dropped %" PRId64 ", table full %" PRId64
		", lines not understood %" PRId64 "\n", r->color ? RED : "", r->color ? PLAIN : "",
		l->skipped, l->dropped, l->table_full, s->malformed + s->unknown);
}

char *render_text(const struct render *r)
{
	struct table t;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	r->page->fill(r->state, &t);
	draw_head(f, r);
	draw_block(f, &t, BLOCK_INTERVAL);
	fprintf(f, "\nSince attaching:\n");
	draw_block(f, &t, BLOCK_TOTAL);
	if (t.note)
		fprintf(f, "\nNote: %s.\n", t.note);
	draw_loss(f, r);
	return fclose(f) ? (free(text), NULL) : text;
}
