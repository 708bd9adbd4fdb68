// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct table_memory {
	struct table_memory *next;
	max_align_t bytes[];
};

void table_begin(struct table *t, const struct column *columns, int n_columns)
{
	*t = (struct table){
		.columns = columns, .n_columns = n_columns, .by_interval = -1, .by_total = -1
	};
}

static bool has_bit(uint64_t bits, int column)
{
	return column < 64 && bits >> column & 1;
}

bool table_has(const struct table *t, int column)
{
	return !has_bit(t->hidden, column);
}

bool table_tells(const struct table *t, int column)
{
	return !has_bit(t->hidden | t->untold, column);
}

struct cell *table_row(struct table *t)
{
	struct cell *row;

	if (t->n_rows == t->room) {
		int room = t->room ? 2 * t->room : 16;
		struct cell *cells =
			reallocarray(t->cells, (size_t)room * (size_t)t->n_columns, sizeof(*cells));

		if (!cells)
			return NULL;
		t->cells = cells;
		t->room = room;
	}
	row = t->cells + (size_t)t->n_rows++ * (size_t)t->n_columns;
	memset(row, 0, (size_t)t->n_columns * sizeof(*row));
	for (int c = 0; c < t->n_columns; c++)
		row[c].unknown = t->columns[c].unit >= UNIT_TEXT;
	return row;
}

void *table_keep(struct table *t, size_t size)
{
	struct table_memory *m = malloc(sizeof(*m) + size);

	if (!m)
		return NULL;
	m->next = t->memory;
	t->memory = m;
	return m->bytes;
}

static const char *keep_text(struct table *t, const char *format, va_list args)
{
	va_list again;
	char *text;
	int n;

	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, again);
	va_end(again);
	text = n < 0 ? NULL : table_keep(t, (size_t)n + 1);
	if (!text)
		return "";
	vsnprintf(text, (size_t)n + 1, format, args);
	return text;
}

struct cell *table_row_unknown(struct table *t, int n)
{
	struct cell *row = table_row(t);

	for (int i = 0; row && i < n; i++)
		row[i].unknown = true;
	return row;
}

void cell_set(struct cell *c, int64_t number)
{
	*c = (struct cell){ .number = number, .unknown = number < 0 };
}

void cell_set_text(struct cell *c, const char *text)
{
	*c = (struct cell){ .text = text, .unknown = !*text };
}

const char *table_text(struct table *t, const char *format, ...)
{
	const char *text;
	va_list args;

	va_start(args, format);
	text = keep_text(t, format, args);
	va_end(args);
	return text;
}

const char *table_count(struct table *t, int64_t n, const char *noun)
{
	const char *end = n == 1 ? "" : *noun && noun[strlen(noun) - 1] == 's' ? "es" : "s";

	return table_text(t, "%" PRId64 " %s%s", n, noun, end);
}

struct stack *table_stack(struct table *t, int n)
{
	struct stack *stack = table_keep(t, sizeof(*stack) + (size_t)n * sizeof(stack->frames[0]));

	if (!stack)
		return NULL;
	memset(stack->frames, 0, (size_t)n * sizeof(stack->frames[0]));
	stack->n = n;
	return stack;
}

struct names *table_names(struct table *t, int n)
{
	struct names *names = table_keep(t, sizeof(*names) + (size_t)n * sizeof(names->list[0]));

	if (names)
		names->n = n;
	return names;
}

void table_note(struct table *t, const char *format, ...)
{
	va_list args;

	if (t->n_notes == TABLE_NOTES)
		return;
	va_start(args, format);
	t->notes[t->n_notes++] = keep_text(t, format, args);
	va_end(args);
}

struct order {
	double value;
	int row;
};

static int larger_first(const void *a, const void *b)
{
	const struct order *x = a, *y = b;

	if (x->value != y->value)
		return x->value < y->value ? 1 : -1;
	return x->row - y->row;
}

int *table_order(const struct table *t, int by)
{
	struct order *order = calloc((size_t)t->n_rows + 1, sizeof(*order));
	int *rows = calloc((size_t)t->n_rows + 1, sizeof(*rows));

	for (int r = 0; order && r < t->n_rows; r++) {
		order[r].row = r;
		if (by >= 0) {
			const struct cell *c = &t->cells[r * t->n_columns + by];
			enum unit unit = t->columns[by].unit;

			order[r].value = unit == UNIT_SHARE || unit == UNIT_BAR ? c->share
										: (double)c->number;
		}
	}
	if (order && rows && by >= 0)
		qsort(order, (size_t)t->n_rows, sizeof(*order), larger_first);
	for (int r = 0; order && rows && r < t->n_rows; r++)
		rows[r] = order[r].row;
	if (!order) {
		free(rows);
		rows = NULL;
	}
	free(order);
	return rows;
}

void table_free(struct table *t)
{
	struct table_memory *m = t->memory, *next;

	for (; m; m = next) {
		next = m->next;
		free(m);
	}
	free(t->cells);
	*t = (struct table){ 0 };
}
