// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * 80 columns or more, no boxes: a page can be read out over a telephone.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/quote.h"
#include "model/sum.h"
#include "render/cell.h"
#include "render/render.h"
#include "render/text_parts.h"

#define LOSS_WIDTH 8
#define TEXT_LEAST 16 /* columns of a text that takes what is left of a line */
#define BAR_LEAST 8
#define BOLD "\033[1m"
#define RED "\033[31m"
#define YELLOW "\033[33m"
#define PLAIN "\033[0m"

static bool is_drawn(const struct table *t, int column, enum block block)
{
	const struct column *c = &t->columns[column];

	return c->block & block && c->unit != UNIT_STACK && table_tells(t, column);
}

static bool is_text(const struct column *c)
{
	return c->unit == UNIT_TEXT || c->unit == UNIT_VERDICT || c->unit == UNIT_PATH;
}

static const char *color_of(const struct render *r, const struct column *column, const char *text)
{
	if (!r->color || column->unit != UNIT_VERDICT)
		return "";
	return !strcmp(text, "FAIL") ? RED : !strcmp(text, "WARN") ? YELLOW : "";
}

/* How much of a line a column takes at least. */
static int least_width(const struct column *c)
{
	return c->unit == UNIT_BAR ? BAR_LEAST : c->width ? c->width : TEXT_LEAST;
}

/*
 * A text and its column's head begin behind a space; what is left of the line is theirs. On a
 * narrow terminal a column that does not fit begins another line, in each row the same.
 */
static void draw_cells(FILE *f, const struct render *r, const struct table *t, enum block block,
		       const struct cell *cells)
{
	int used = 0;

	for (int c = 0; c < t->n_columns; c++) {
		const struct column *column = &t->columns[c];
		struct column narrow = *column;
		int width;
		char text[128];

		if (!is_drawn(t, c, block))
			continue;
		if (text_is_narrow(r) && used > WRAP_INDENT &&
		    used + least_width(column) > text_line(r))
			used = fprintf(f, "\n%*s", WRAP_INDENT, "") - 1;
		width = column->width ? column->width : text_line(r) - used;
		if (width > text_line(r) - used &&
		    (text_is_narrow(r) || column->unit == UNIT_BAR)) {
			narrow.width = width = text_line(r) - used;
			column = &narrow;
		}
		if (!cells)
			snprintf(text, sizeof(text), "%s", column->head);
		else if (cells[c].unknown)
			snprintf(text, sizeof(text), "-");
		else if (!is_text(column))
			cell_text(column, &cells[c], text, sizeof(text));
		if (is_text(column)) {
			const char *said = cells && !cells[c].unknown ? cells[c].text : text;
			const char *color = color_of(r, column, said);

			fprintf(f, " %s", color);
			text_draw(f, r, said, width - 1, column->unit == UNIT_PATH);
			fputs(*color ? PLAIN : "", f);
		} else {
			/* What is wider than its column does not run into the one before. */
			width = fprintf(
				f, "%s%*s",
				used && text_width(text) + (column->unit != UNIT_TIME) > width ? " "
											       : "",
				width, text);
		}
		used += width;
	}
}

static void draw_row(FILE *f, const struct render *r, const struct table *t, enum block block,
		     const struct cell *cells)
{
	char *line = NULL;
	size_t len;
	FILE *row = open_memstream(&line, &len);

	if (row) {
		draw_cells(row, r, t, block, cells);
		fclose(row);
	}
	for (char *rest = line, *piece; (piece = strsep(&rest, "\n"));) {
		int n = (int)strlen(piece);

		while (n && piece[n - 1] == ' ')
			n--;
		fprintf(f, "%.*s\n", n, piece);
	}
	free(line);
	for (int c = 0; cells && c < t->n_columns; c++) {
		if (t->columns[c].unit == UNIT_STACK && t->columns[c].block & block &&
		    !cells[c].unknown)
			text_stack(f, r, cells[c].stack, t->text_frames);
	}
}

static bool is_zero(const struct table *t, int row, int column)
{
	const struct cell *c = t->cells + row * t->n_columns + column;
	enum unit unit = t->columns[column].unit;

	if (c->unknown)
		return false;
	return unit == UNIT_SHARE || unit == UNIT_BAR ? c->share <= 0 : c->number == 0;
}

static bool has_numbers(const struct column *c)
{
	return c->unit == UNIT_COUNT || c->unit == UNIT_BYTES || c->unit == UNIT_NS ||
	       c->unit == UNIT_SHARE;
}

/* The column that a block which is sorted is to be sorted by instead. */
static int sort_column(const struct table *t, enum block block, int by, int sort)
{
	int n = 0;

	for (int c = 0; c < t->n_columns; c++)
		n += is_drawn(t, c, block) && has_numbers(&t->columns[c]);
	if (by < 0 || !sort || !n)
		return by;
	sort = (sort - 1) % n;
	for (int c = 0; c < t->n_columns; c++) {
		if (is_drawn(t, c, block) && has_numbers(&t->columns[c]) && !sort--)
			return c;
	}
	return by;
}

static void draw_block(FILE *f, const struct render *r, const struct table *t, enum block block)
{
	int by = block == BLOCK_TOTAL ? t->by_total : t->by_interval, n = 0, more = 0;
	int *order = table_order(t, by);

	for (int i = 0; order && i < t->n_rows; i++) {
		if (by >= 0 && is_zero(t, order[i], by))
			continue;
		if (t->text_rows && n == t->text_rows) {
			more++;
			continue;
		}
		if (!n++)
			draw_row(f, r, t, block, NULL);
		draw_row(f, r, t, block, t->cells + order[i] * t->n_columns);
	}
	free(order);
	if (!n && t->empty)
		fprintf(f, "%s\n", t->empty);
	else if (!n)
		draw_row(f, r, t, block, NULL);
	if (more)
		fprintf(f, "   and %d more\n", more);
}

static bool has_block(const struct table *t, enum block block)
{
	for (int c = 0; c < t->n_columns; c++) {
		if (t->columns[c].block == block)
			return true;
	}
	return false;
}

/* The end of a path says more than its beginning. */
static void draw_target(FILE *f, const struct render *r)
{
	char *exe = quote_text(r->target->exe), facts[512], seen[32] = "", python[32] = "";
	char *group = r->target->group ? quote_text(r->target->group) : NULL;
	const char *path = exe ? exe : "?", *cut = "";
	int64_t processes = record_now(state_first(r->state, LINE_PROCS), PROCS_COUNT);

	if (!page_has_target(r->page, r->target->exe)) {
		fputs("This host", f);
		if (r->target->pid && !r->page->whole)
			fprintf(f, ", process %d and its descendants", r->target->pid);
		else if (group && !r->page->whole)
			fprintf(f, ", %s", group);
		fputc('\n', f);
		free(exe);
		free(group);
		return;
	}
	if (*r->target->python)
		snprintf(python, sizeof(python), "Python %s, ", r->target->python);
	if (processes > 1)
		snprintf(seen, sizeof(seen), ", %" PRId64 " seen", processes);
	if (r->target->pid)
		snprintf(facts, sizeof(facts), "%sprocess %d%s", python, r->target->pid, seen);
	else
		snprintf(facts, sizeof(facts), "%s%s%s", python, group ? group : "every process",
			 seen);
	while (r->width != RENDER_WHOLE && text_width(cut) + text_width(path) > text_line(r)) {
		cut = "...";
		path = text_next(path);
	}
	fprintf(f, "%s%s%s%s\n", cut, path,
		text_width(path) + 2 + text_width(facts) > text_line(r) ? "\n" : ", ", facts);
	free(exe);
	free(group);
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
	fprintf(f, "%s%-*s%s%c%s\n", r->color ? BOLD : "", text_is_narrow(r) ? 0 : 56, left,
		r->color ? PLAIN : "", text_is_narrow(r) ? '\n' : ' ', stamp);
	draw_target(f, r);
	fprintf(f, "page %ld%s: ", r->number, r->last ? ", the last one" : "");
	if (r->page->now)
		fputs("as it is now", f);
	else
		fprintf(f, "the last %.1f s of %.1f s watched", state_interval_s(s),
			state_attached_s(s));
	fprintf(f, "%s%s\n\n", *s->collector ? ", by " : "", s->collector);
}

static void draw_loss(FILE *f, const struct render *r)
{
	const struct state *s = r->state;
	struct loss l = state_loss(s);
	char skipped[32], dropped[32], full[32], lines[32];

	if (page_is_exact(s)) {
		fputs("\nNothing was lost.\n", f);
		return;
	}
	cell_count(l.skipped, LOSS_WIDTH, skipped, sizeof(skipped));
	cell_count(l.dropped, LOSS_WIDTH, dropped, sizeof(dropped));
	cell_count(l.table_full, LOSS_WIDTH, full, sizeof(full));
	cell_count(sum_add(s->malformed, s->unknown), LOSS_WIDTH, lines, sizeof(lines));
	fprintf(f,
		"\n%sNOT EXACT:%s skipped %s, dropped %s, table full %s,\n"
		"lines not understood %s\n",
		r->color ? RED : "", r->color ? PLAIN : "", skipped, dropped, full, lines);
}

/* Wrapped between words. */
static void draw_note(FILE *f, const struct render *r, const char *note)
{
	char *quoted = quote_text(note), *rest = quoted, *word;
	int used = fprintf(f, "\nNote:") - 1;

	while ((word = strsep(&rest, " "))) {
		int width = text_width(word) + 1 + !rest;

		if (used + width > text_line(r) && used > 0) {
			fputc('\n', f);
			used = -1;
		}
		fprintf(f, "%s%s%s", used < 0 ? "" : " ", word, rest ? "" : ".");
		used += width;
	}
	fputc('\n', f);
	free(quoted);
}

char *render_text(const struct render *r)
{
	struct table t;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	page_fill(r->page, r->state, r->states, &t);
	t.by_interval = sort_column(&t, BLOCK_INTERVAL, t.by_interval, r->sort);
	t.by_total = sort_column(&t, BLOCK_TOTAL, t.by_total, r->sort);
	draw_head(f, r);
	if (has_block(&t, BLOCK_INTERVAL) || !has_block(&t, BLOCK_TOTAL))
		draw_block(f, r, &t, BLOCK_INTERVAL);
	if (has_block(&t, BLOCK_TOTAL)) {
		fprintf(f, "\n%s\n", t.second ? t.second : "Since attaching:");
		draw_block(f, r, &t, BLOCK_TOTAL);
	}
	if (r->silent_s)
		table_note(&t, SILENT_NOTE, r->silent_s);
	for (int i = 0; i < t.n_notes; i++)
		draw_note(f, r, t.notes[i]);
	draw_loss(f, r);
	table_free(&t);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text_is_narrow(r) ? text_wrap(text, r->width) : text;
}
