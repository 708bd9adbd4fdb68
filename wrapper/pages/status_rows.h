/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * status_rows: the rows of page 200, and what they are judged by. Pure.
 */
#ifndef TELETAP_PAGES_STATUS_ROWS_H
#define TELETAP_PAGES_STATUS_ROWS_H

#include "pages/page.h"
#include "pages/status_limits.h"

enum verdict { UNWATCHED, OK, WARN, FAIL };

struct status {
	const struct states *all;
	struct table *t;
	enum verdict worst;
	int worst_page, watched;
	/* what the next row is judged by: the worst of its figures; -1: nothing */
	int limit;
	double value;
	enum verdict verdict;
};

/* Begins the table of st. */
void status_begin(struct status *st);

/* The state of the module of this name; NULL: the module is not watched. */
const struct state *status_module(const struct status *st, const char *name);

/* Judges a value by its limits. The next row tells the worst of the values since the last row. */
enum verdict status_judge(struct status *st, enum status_limit which, double value);
enum verdict status_worse(enum verdict a, enum verdict b);

/* A row; page: what to read next. text is of st's table. */
void status_row(struct status *st, const char *subsystem, int page, enum verdict v,
		const char *text);
void status_unwatched(struct status *st, const char *subsystem, int page);

/* Adds the note about all rows. */
void status_end(struct status *st);

/* The rows of the host: disk, memory, pressure, units. */
void status_host(struct status *st, const struct state *host);

#endif
