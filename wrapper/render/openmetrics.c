// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages as OpenMetrics 1.0: what since attaching only grows as counters, the present values as
 * gauges, times in seconds. A value of the interval alone is not a metric: who scrapes has
 * intervals of their own. What is not known is not there. Labels are the target's path and the
 * page's own; a process is one of them only where figures are split by process. In the value of a
 * label, bytes that a reader might act upon stand as \xHH (quote.h). A metric has at most
 * SERIES_MAX of them, the largest; how many are left out is a metric, too.
 */
#include "render/openmetrics.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "model/quote.h"
#include "model/sum.h"

#define SERIES_MAX 1000

struct sample {
	char *labels; /* to be freed */
	struct cell value;
};

static bool ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n > m && !strcmp(name + n - m, end);
}

void metric_begin(FILE *f, const char *name, const char *type, const char *help)
{
	static const char *const units[] = { "seconds", "bytes", "ratio" };

	fprintf(f, "# TYPE teletap_%s %s\n", name, type);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (ends_with(name, units[i]))
			fprintf(f, "# UNIT teletap_%s %s\n", name, units[i]);
	}
	fprintf(f, "# HELP teletap_%s %s\n", name, help);
}

void metric_label(FILE *f, bool first, const char *name, const char *text)
{
	char *quoted = quote_text(text);

	fprintf(f, "%s%s=\"", first ? "" : ",", name);
	for (const char *c = quoted ? quoted : ""; *c; c++) {
		if (*c == '\\' || *c == '"')
			fputc('\\', f);
		fputc(*c, f);
	}
	fputc('"', f);
	free(quoted);
}

/* ---- the figures of a page ---- */

static int column_of(const struct table *t, const char *key)
{
	for (int c = 0; c < t->n_columns; c++) {
		if (t->columns[c].key && !strcmp(t->columns[c].key, key))
			return table_has(t, c) ? c : -1;
	}
	return -1;
}

static void put_label(FILE *f, bool first, const char *name, const struct column *c,
		      const struct cell *v)
{
	char number[32];

	if (c->unit == UNIT_BOOL)
		metric_label(f, first, name, v->number ? "true" : "false");
	else if (c->unit >= UNIT_TEXT)
		metric_label(f, first, name, v->text);
	else {
		snprintf(number, sizeof(number), "%" PRId64, v->number);
		metric_label(f, first, name, number);
	}
}

/* The labels of a row, to be freed; NULL: out of memory. */
static char *labels_of(const struct metric *m, const struct table *t, const struct cell *row,
		       const char *target)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	bool first = true;

	if (!f)
		return NULL;
	if (target) {
		metric_label(f, true, "target", target);
		first = false;
	}
	for (int i = 0; i < METRIC_LABELS && m->labels[i].key; i++) {
		int c = column_of(t, m->labels[i].key);

		if (c < 0 || row[c].unknown)
			continue;
		put_label(f, first, m->labels[i].name, &t->columns[c], &row[c]);
		first = false;
	}
	fclose(f);
	return text;
}

/* OK, WARN and FAIL as numbers. */
static int64_t verdict(const char *text)
{
	return !strcmp(text, "FAIL") ? 2 : !strcmp(text, "WARN");
}

static bool is_real(enum unit unit)
{
	return unit == UNIT_SHARE || unit == UNIT_BAR;
}

static void put_value(FILE *f, enum unit unit, const struct cell *v)
{
	if (is_real(unit))
		fprintf(f, " %.9g\n", v->share);
	else if (unit == UNIT_NS)
		fprintf(f, " %s%" PRIu64 ".%09" PRIu64 "\n", v->number < 0 ? "-" : "",
			(uint64_t)llabs(v->number) / 1000000000,
			(uint64_t)llabs(v->number) % 1000000000);
	else
		fprintf(f, " %" PRId64 "\n", v->number);
}

static int by_labels(const void *a, const void *b)
{
	return strcmp(((const struct sample *)a)->labels, ((const struct sample *)b)->labels);
}

static int by_number(const void *a, const void *b)
{
	const struct sample *x = a, *y = b;

	return x->value.number != y->value.number ? (x->value.number < y->value.number ? 1 : -1)
						  : by_labels(a, b);
}

/* Adds those with the same labels up, in place; returns how many are left. */
static int add_up(struct sample *list, int n, bool real)
{
	int kept = 0;

	qsort(list, (size_t)n, sizeof(*list), by_labels);
	for (int i = 0; i < n; i++) {
		struct sample *last = kept ? &list[kept - 1] : NULL;

		if (!last || strcmp(last->labels, list[i].labels)) {
			list[kept++] = list[i];
			continue;
		}
		last->value.unknown |= list[i].value.unknown;
		if (real)
			last->value.share += list[i].value.share;
		else
			last->value.number = sum_add(last->value.number, list[i].value.number);
		free(list[i].labels);
	}
	return kept;
}

/* The samples of a metric; -1: out of memory. */
static int samples_of(const struct metric *m, const struct table *t, const char *target,
		      struct sample **list)
{
	int value = column_of(t, m->key), kind = m->kind ? column_of(t, "kind") : -1, n = 0;

	*list = calloc((size_t)t->n_rows + 1, sizeof(**list));
	if (!*list)
		return -1;
	for (int r = 0; value >= 0 && r < t->n_rows; r++) {
		const struct cell *row = t->cells + r * t->n_columns;
		struct sample s = { .value = row[value] };

		if (m->kind && (kind < 0 || row[kind].unknown || strcmp(row[kind].text, m->kind)))
			continue;
		if (t->columns[value].unit == UNIT_VERDICT && !s.value.unknown)
			s.value.number = verdict(row[value].text);
		s.labels = labels_of(m, t, row, target);
		if (s.labels)
			(*list)[n++] = s;
	}
	return value < 0 ? 0 : add_up(*list, n, is_real(t->columns[value].unit));
}

const char *metric_target(const struct render *r)
{
	return r->name ? r->name : page_has_target(r->page, r->target->exe) ? r->target->exe : NULL;
}

/* Writes the series of a target; begun: others are there. Returns how many are left out. */
static int write_series(FILE *f, const struct metric *m, const struct table *t, const char *target,
			bool *begun)
{
	enum unit unit = UNIT_COUNT;
	struct sample *list;
	int n = samples_of(m, t, target, &list);

	if (n > 0)
		unit = t->columns[column_of(t, m->key)].unit;
	if (n > SERIES_MAX)
		qsort(list, (size_t)n, sizeof(*list), by_number);
	for (int i = 0; i < n; i++) {
		const struct cell *v = &list[i].value;

		/* A counter that has fallen is none. */
		if (i < SERIES_MAX && !v->unknown && !(m->counter && v->number < 0)) {
			if (!*begun)
				metric_begin(f, m->name, m->counter ? "counter" : "gauge", m->help);
			*begun = true;
			fprintf(f, "teletap_%s%s", m->name, m->counter ? "_total" : "");
			fprintf(f, *list[i].labels ? "{%s}" : "%s", list[i].labels);
			put_value(f, unit, v);
		}
		free(list[i].labels);
	}
	free(list);
	return n > SERIES_MAX ? n - SERIES_MAX : 0;
}

/* The page drawn for each of n targets: the series of a metric stand together. */
static int write_page(FILE *f, const struct render *const *same, int n)
{
	struct table *tables = calloc((size_t)n, sizeof(*tables));
	int omitted = 0;

	for (int k = 0; tables && k < n; k++)
		page_fill(same[k]->page, same[k]->state, same[k]->states, &tables[k]);
	for (int i = 0; tables && i < n_metrics; i++) {
		bool begun = false;

		for (int k = 0; metrics[i].page == same[0]->page->number && k < n; k++)
			omitted += write_series(f, &metrics[i], &tables[k], metric_target(same[k]),
						&begun);
	}
	for (int k = 0; tables && k < n; k++)
		table_free(&tables[k]);
	free(tables);
	metric_histograms_write(f, same, n);
	return omitted;
}

/* ---- about the pages themselves ---- */

static void put_page(FILE *f, const char *name, const struct render *r)
{
	fprintf(f, "teletap_%s{page=\"%s\"", name, r->page->name);
	if (r->name)
		metric_label(f, false, "target", r->name);
}

static void write_info(FILE *f, const struct render *r)
{
	put_page(f, "page_info", r);
	metric_label(f, false, "collector", r->state->collector);
	if (page_has_target(r->page, r->target->exe)) {
		metric_label(f, false, r->name ? "exe" : "target", r->target->exe);
		metric_label(f, false, "python", r->target->python);
	}
	fputs("} 1\n", f);
}

static void write_lost(FILE *f, const struct render *r)
{
	struct loss l = state_loss(r->state);
	const struct {
		const char *reason;
		int64_t n;
	} reasons[] = {
		{ "skipped", l.skipped },
		{ "dropped", l.dropped },
		{ "table_full", l.table_full },
		{ "lines", sum_add(r->state->malformed, r->state->unknown) },
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		put_page(f, "page_lost_events_total", r);
		fprintf(f, ",reason=\"%s\"} %" PRId64 "\n", reasons[i].reason,
			reasons[i].n > 0 ? reasons[i].n : 0);
	}
}

static void write_time(FILE *f, const struct render *r)
{
	put_page(f, "page_snapshot_timestamp_seconds", r);
	fputc('}', f);
	put_value(f, UNIT_NS, &(struct cell){ .number = r->state->now.real_ns });
}

static void write_attached(FILE *f, const struct render *r)
{
	put_page(f, "page_attached_seconds", r);
	fprintf(f, "} %.9g\n", state_attached_s(r->state));
}

static bool same_name(const struct render *a, const struct render *b)
{
	return a->name == b->name || (a->name && b->name && !strcmp(a->name, b->name));
}

/* The page was drawn before: one that is asked for twice would be there twice. */
static bool is_again(const struct render *list, int i)
{
	for (int k = 0; k < i; k++) {
		if (list[k].page == list[i].page && same_name(&list[k], &list[i]))
			return true;
	}
	return false;
}

static void write_own(FILE *f, const struct render *list, int n)
{
	static const struct {
		const char *name, *type, *help;
		void (*write)(FILE *f, const struct render *r);
	} own[] = {
		{ "page", "info", "Which collector a page has its figures from.", write_info },
		{ "page_lost_events", "counter", "Events that are missing from a page's figures.",
		  write_lost },
		{ "page_snapshot_timestamp_seconds", "gauge", "When a page's figures were taken.",
		  write_time },
		{ "page_attached_seconds", "gauge", "How long a page's events have been counted.",
		  write_attached },
	};

	metric_begin(f, "page_up", "gauge", "Whether a page has figures that are not old.");
	for (int i = 0; i < n; i++) {
		if (is_again(list, i))
			continue;
		put_page(f, "page_up", &list[i]);
		fprintf(f, "} %d\n", list[i].state && !list[i].silent_s);
	}
	for (size_t k = 0; k < sizeof(own) / sizeof(own[0]); k++) {
		metric_begin(f, own[k].name, own[k].type, own[k].help);
		for (int i = 0; i < n; i++) {
			if (list[i].state && !is_again(list, i))
				own[k].write(f, &list[i]);
		}
	}
}

/* The figures of all pages, each for all of its targets. */
static int write_figures(FILE *f, const struct render *list, int n)
{
	const struct render **same = calloc((size_t)n + 1, sizeof(const struct render *));
	int omitted = 0;

	for (int i = 0; same && i < n; i++) {
		bool first = true;
		int used = 0;

		for (int k = 0; k < i; k++)
			first &= list[k].page != list[i].page;
		for (int k = i; first && k < n; k++) {
			if (list[k].page == list[i].page && list[k].state && !is_again(list, k))
				same[used++] = &list[k];
		}
		if (used)
			omitted += write_page(f, same, used);
	}
	free(same);
	return omitted;
}

char *render_openmetrics(const struct render *list, int n)
{
	int omitted;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	write_own(f, list, n);
	omitted = write_figures(f, list, n);
	metric_begin(f, "omitted_series", "gauge", "Series that are left out as too many.");
	fprintf(f, "teletap_omitted_series %d\n# EOF", omitted);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}
