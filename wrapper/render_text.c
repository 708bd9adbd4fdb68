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

#define WIDTH 80
#define LOSS_WIDTH 8
#define BOLD "\033[1m"
#define RED "\033[31m"
#define PLAIN "\033[0m"

/* Three digits that count. */
static void format_rounded(double value, const char *unit, char *out, size_t size)
{
	int digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;

	snprintf(out, size, "%.*f %s", digits, value, unit);
}

static void format_ns(int64_t ns, char *out, size_t size)
{
	static const struct {
		double unit;
		const char *name;
	} units[] = { { 86400e9, "d" }, { 1e9, "s" }, { 1e6, "ms" }, { 1e3, "us" } };

	for (int i = 0; i < 4; i++) {
		if ((double)ns >= units[i].unit) {
			format_rounded((double)ns / units[i].unit, units[i].name, out, size);
			return;
		}
	}
	snprintf(out, size, ns ? "%" PRId64 " ns" : "%" PRId64, ns);
}

/* A number of at least 1000 as, for example, 12.3 G. */
static void format_large(double value, const char *sign, char *out, size_t size)
{
	static const char letters[] = "kMGTPE";
	char unit[8];
	int i = 0;

	for (value /= 1000; value >= 999.5 && letters[i + 1]; i++)
		value /= 1000;
	snprintf(unit, sizeof(unit), "%c%s", letters[i], sign);
	format_rounded(value, unit, out, size);
}

/* In full where there is room for it. */
static void format_count(int64_t count, int room, char *out, size_t size)
{
	if (snprintf(out, size, "%" PRId64, count) > room)
		format_large((double)count, "", out, size);
}

static void format_share(double share, int room, char *out, size_t size)
{
	if (snprintf(out, size, "%.2f%%", 100 * share) > room &&
	    snprintf(out, size, "%.0f%%", 100 * share) > room)
		format_large(100 * share, "%", out, size);
}

/* With a space in front there is room for it in its column. */
static void format_cell(const struct column *c, const union cell *cell, char *out, size_t size)
{
	switch (c->unit) {
	case UNIT_NS:
		format_ns(cell->number, out, size);
		break;
	case UNIT_SHARE:
		format_share(cell->share, c->width - 1, out, size);
		break;
	case UNIT_COUNT:
		format_count(cell->number, c->width - 1, out, size);
		break;
	case UNIT_NUMBER:
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
			fprintf(f, "%*s", t->columns[c].width, text);
		}
		fputc('\n', f);
	}
}

/* How many columns s takes: two for each character that may be a wide one. */
static int text_width(const char *s)
{
	int n = 0;

	for (; *s; s++)
		n += (unsigned char)*s < 0x80 ? 1 : (unsigned char)*s >= 0xc0 ? 2 : 0;
	return n;
}

/* The end of a path says more than its beginning. */
static void draw_target(FILE *f, const struct render *r)
{
	char *exe = quote_text(r->target->exe), facts[128], seen[32] = "", python[32] = "";
	const char *path = exe ? exe : "?", *cut = "";

	if (*r->target->python)
		snprintf(python, sizeof(python), "Python %s, ", r->target->python);
	if (r->state->now.processes > 1)
		snprintf(seen, sizeof(seen), ", %" PRId64 " seen", r->state->now.processes);
	if (r->target->pid)
		snprintf(facts, sizeof(facts), "%sprocess %d%s", python, r->target->pid, seen);
	else
		snprintf(facts, sizeof(facts), "%severy process%s", python, seen);
	while (text_width(cut) + text_width(path) > WIDTH) {
		cut = "...";
		do
			path++;
		while (((unsigned char)*path & 0xc0) == 0x80);
	}
	fprintf(f, "%s%s%s%s\n", cut, path,
		text_width(path) + 2 + text_width(facts) > WIDTH ? "\n" : ", ", facts);
	free(exe);
}

static void draw_head(FILE *f, const struct render *r)
{
	const struct state *s = r->state;
	time_t second = (time_t)(s->now.real_ns / 1000000000);
	char left[64], stamp[32];
	struct tm tm;

	gmtime_r(&second, &tm);
	strftime(stamp, sizeof(stamp), "%Y-%m-%d %H:%M:%S UTC", &tm);
	snprintf(left, sizeof(left), "%d %s  %s", r->page->number, r->page->name, r->page->title);
	fprintf(f, "%s%-56s%s %s\n", r->color ? BOLD : "", left, r->color ? PLAIN : "", stamp);
	draw_target(f, r);
	fprintf(f, "page %ld%s: the last %.1f s of %.1f s watched\n\n", r->number,
		r->last ? ", the last one" : "", state_interval_s(s), state_attached_s(s));
}

static void draw_loss(FILE *f, const struct render *r)
{
	const struct state *s = r->state;
	const struct loss *l = &s->now.loss;
	char skipped[32], dropped[32], full[32], lines[32];

	if (!l->skipped && !l->dropped && !l->table_full && !s->malformed && !s->unknown) {
		fputs("\nNothing was lost.\n", f);
		return;
	}
	format_count(l->skipped, LOSS_WIDTH, skipped, sizeof(skipped));
	format_count(l->dropped, LOSS_WIDTH, dropped, sizeof(dropped));
	format_count(l->table_full, LOSS_WIDTH, full, sizeof(full));
	format_count(s->malformed + s->unknown, LOSS_WIDTH, lines, sizeof(lines));
	fprintf(f,
		"\n%sNOT EXACT:%s skipped %s, dropped %s, table full %s,\n"
		"lines not understood %s\n",
		r->color ? RED : "", r->color ? PLAIN : "", skipped, dropped, full, lines);
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
