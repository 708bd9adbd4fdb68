/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state: records -> the numbers behind each page. Pure: the clock comes in with
 * the records.
 *
 * A snapshot is gathered aside and takes effect as a whole when its end has come,
 * so that a half-written one is never shown, nor one with a gap. Modules send sums
 * since they were loaded; the numbers of an interval are the difference of two
 * snapshots: the present one, and the last one that was shown before it.
 */
#ifndef TELETAP_STATE_H
#define TELETAP_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "bucket.h"
#include "line.h"

#define GC_GENERATIONS 3

struct gc_generation {
	int64_t runs;
	int64_t found; /* unreachable objects: collected and uncollectable */
	int64_t empty; /* runs that found nothing */
	int64_t pause_ns;
	int64_t max_ns; /* of the interval */
	int64_t pauses[BUCKETS];
};

struct loss {
	int64_t skipped;    /* probes not run: locks taken, overload, read faults */
	int64_t dropped;    /* lines that found no room on their way out */
	int64_t table_full; /* events without a place in a table */
};

struct snapshot {
	int64_t sequence;
	int64_t mono_ns;
	int64_t real_ns;
	bool final;
	int64_t processes;
	struct loss loss;
	struct gc_generation gc[GC_GENERATIONS];
};

struct state {
	bool hello;                 /* the first line has been read */
	bool open;                  /* between snap and end */
	bool shown;                 /* the present one */
	int64_t snapshots;          /* complete ones */
	int64_t unknown, malformed; /* lines not understood */
	struct snapshot first, before, now, next;
};

/*
 * Takes one line (see line.h for its buffer). Returns 1 when it completed a
 * snapshot, 0 otherwise; -EPROTO when the module speaks another version.
 */
int state_take(struct state *s, char *text, size_t len);

/*
 * The markers are on since mono_ns: the first interval begins then, not with the
 * snapshot before.
 */
void state_begin(struct state *s, int64_t mono_ns);

/* The present snapshot has been shown: the next interval begins with it. */
void state_shown(struct state *s);

/* How long the interval was. */
double state_interval_s(const struct state *s);

/* How long ago the first snapshot was when the last one was made. */
double state_attached_s(const struct state *s);

#endif
