// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Histograms for OpenMetrics. Of the buckets of histogram.h, sixteen per power of two, those of
 * a power are one here. A bound is inclusive there, so it is 1 ns below the power: that is
 * exact.
 */
#include "render/openmetrics.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "model/sum.h"
#include "pages/split.h"

#define FIRST 10 /* the first bound: 2^10 ns, a microsecond */
#define LAST 36  /* the last one: a minute */
#define ONES 500 /* histograms of a page */

struct one {
	const char *label;
	char number[24]; /* which the label may be */
	int64_t sum, counts[BUCKETS];
};

/* The first bucket of the values from 2^e on. */
static int bucket_of_power(int e)
{
	return (e - 3) * 16;
}

static void put_labels(FILE *f, const struct metric_histogram *h, const struct one *one,
		       const char *target)
{
	fputc('{', f);
	if (target)
		metric_label(f, true, "target", target);
	metric_label(f, !target, h->label, one->label);
}

static void write_one(FILE *f, const struct metric_histogram *h, const struct one *one,
		      const char *target)
{
	int64_t n = 0;
	int b = 0;

	for (int e = FIRST; e <= LAST; e++) {
		for (; b < bucket_of_power(e); b++)
			n = sum_add(n, one->counts[b]);
		fprintf(f, "teletap_%s_bucket", h->name);
		put_labels(f, h, one, target);
		fprintf(f, ",le=\"%.12g\"} %" PRId64 "\n", (double)((INT64_C(1) << e) - 1) / 1e9,
			n);
	}
	for (; b < BUCKETS; b++)
		n = sum_add(n, one->counts[b]);
	fprintf(f, "teletap_%s_bucket", h->name);
	put_labels(f, h, one, target);
	fprintf(f, ",le=\"+Inf\"} %" PRId64 "\nteletap_%s_count", n, h->name);
	put_labels(f, h, one, target);
	fprintf(f, "} %" PRId64 "\nteletap_%s_sum", n, h->name);
	put_labels(f, h, one, target);
	fprintf(f, "} %" PRId64 ".%09" PRId64 "\n", one->sum / 1000000000, one->sum % 1000000000);
}

/* The one with this label, or a new one; NULL: there is no room. */
static struct one *one_of(struct one *list, int *n, const char *label)
{
	for (int i = 0; i < *n; i++) {
		if (!strcmp(list[i].label, label))
			return &list[i];
	}
	if (*n == ONES)
		return NULL;
	list[*n] = (struct one){ .label = label };
	return &list[(*n)++];
}

/* Gathers what has the same label. */
static int gather(const struct metric_histogram *h, const struct state *s, struct one *list)
{
	const struct record *r;
	size_t at = 0;
	int n = 0;

	while ((r = state_each(s, h->list, &at))) {
		int64_t counts[BUCKETS], key = record_now(r, h->key);
		char number[24];
		struct one *one;

		snprintf(number, sizeof(number), "%" PRId64, key);
		one = one_of(list, &n,
			     h->named ? record_text(state_find(s, LINE_NAME, key), NAME_FUNCTION)
				      : number);
		if (!one)
			break;
		if (!h->named)
			one->label = memcpy(one->number, number, sizeof(number));
		state_buckets(s, h->counts, key, NULL, counts);
		one->sum = sum_add(one->sum, record_total(r, h->sum));
		for (int i = 0; i < BUCKETS; i++)
			one->counts[i] = sum_add(one->counts[i], counts[i] > 0 ? counts[i] : 0);
	}
	return n;
}

/* Writes those of a target; begun: others are there. */
static void write_series(FILE *f, const struct metric_histogram *h, const struct render *r,
			 bool *begun)
{
	struct one *list;
	int n = 0;

	/* Memory has no single times. */
	if (by_of(r->state) != BY_ALL || collector_find(r->state->collector) == COLLECT_MEMORY)
		return;
	list = calloc(ONES, sizeof(*list));
	if (list)
		n = gather(h, r->state, list);
	if (n && !*begun)
		metric_begin(f, h->name, "histogram", h->help);
	*begun |= n > 0;
	for (int k = 0; k < n; k++) {
		if (list[k].sum >= 0)
			write_one(f, h, &list[k], metric_target(r));
	}
	free(list);
}

void metric_histograms_write(FILE *f, const struct render *const *same, int n)
{
	for (int i = 0; i < n_metric_histograms; i++) {
		bool begun = false;

		for (int k = 0; k < n && metric_histograms[i].page == same[0]->page->number; k++)
			write_series(f, &metric_histograms[i], same[k], &begun);
	}
}
