/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * openmetrics: which figures of which page are metrics, and what is shared by openmetrics.c
 * (single values) and openmetrics_histogram.c. The tables are in openmetrics_metrics.c.
 */
#ifndef TELETAP_RENDER_OPENMETRICS_H
#define TELETAP_RENDER_OPENMETRICS_H

#include <stdio.h>

#include "render/render.h"

#define METRIC_LABELS 3

/* A column of a page as a metric. Rows with the same labels are added up. */
struct metric {
	int page;
	const char *name; /* behind "teletap_", without _total; its end says the unit */
	bool counter;     /* it only grows, since attaching; otherwise a gauge */
	const char *help;
	const char *key;  /* of the column, as in JSON */
	const char *kind; /* only of the rows that are of this kind; NULL: of all */
	struct {
		const char *key, *name; /* a column, and the label that it becomes */
	} labels[METRIC_LABELS];
};

/* Records with times as a histogram of seconds. */
struct metric_histogram {
	int page;
	const char *name, *help;
	enum line_kind list;   /* of each of these one histogram: */
	int key, sum;          /* its fields: which one it is, and the sum of all times */
	enum line_kind counts; /* the records with its key, bucket and count */
	const char *label;     /* for the key: its number, */
	bool named;            /* or its name (LINE_NAME) */
};

extern const struct metric metrics[];
extern const int n_metrics;
extern const struct metric_histogram metric_histograms[];
extern const int n_metric_histograms;

/* Writes the lines HELP, TYPE and UNIT of a metric. */
void metric_begin(FILE *f, const char *name, const char *type, const char *help);

/* Writes a label, its text escaped; first: without a comma in front. */
void metric_label(FILE *f, bool first, const char *name, const char *text);

/* The value of the label "target"; NULL: there is none. */
const char *metric_target(const struct render *r);

/*
 * Writes the histograms of a page that was drawn for each of n targets. Figures that are split by
 * process or thread have none.
 */
void metric_histograms_write(FILE *f, const struct render *const *same, int n);

#endif
