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
#ifndef TELETAP_MODEL_STATE_H
#define TELETAP_MODEL_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/histogram.h"
#include "model/store.h"

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
	struct loss loss;
};

struct state {
	bool hello;                 /* the first line has been read */
	char module[32];            /* what it says the module is: may be cut */
	char collector[16];         /* likewise, what has collected it */
	bool open;                  /* between snap and end */
	bool shown;                 /* the present one */
	int64_t refused;            /* errno of a probe that the kernel refused; 0: none */
	int64_t snapshots;          /* complete ones */
	int64_t stamp;              /* snapshots begun */
	int64_t unknown, malformed; /* lines not understood */
	int64_t full;               /* records without a place here */
	int64_t cut;                /* snapshots that lost a piece on their way out */
	struct snapshot first, before, now, next;
	struct store store;
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

/* No more lines will come: a snapshot without its end is one that lost it. */
void state_ended(struct state *s);

/* The present snapshot has been shown: the next interval begins with it. */
void state_shown(struct state *s);

/* Gives back all memory; the state is then as at its beginning. */
void state_free(struct state *s);

/* A time of the kernel's monotonic clock as one of the clock on the wall. */
int64_t state_real_ns(const struct state *s, int64_t mono_ns);

/* How long the interval was. */
double state_interval_s(const struct state *s);

/* So many in the interval: how many a second, rounded. */
int64_t state_per_second(const struct state *s, int64_t n);

/* How long ago the first snapshot was when the last one was made. */
double state_attached_s(const struct state *s);

/* What is missing from the present snapshot. */
struct loss state_loss(const struct state *s);

/*
 * The records of a kind that are present, one after the other; NULL after the last.
 * *at is 0 at first and belongs to this function.
 */
const struct record *state_each(const struct state *s, enum line_kind kind, size_t *at);

/* All of them as a list, to be freed; *n: how many. NULL and 0: out of memory. */
const struct record **state_list(const struct state *s, enum line_kind kind, size_t *n);

/* The first of them, or the only one, of a kind that has no key; NULL: there is none. */
const struct record *state_first(const struct state *s, enum line_kind kind);

/*
 * The present record of a kind whose only key is this number; NULL: there is none. With
 * whose it is, where figures are split; without: 0.
 */
const struct record *state_find(const struct state *s, enum line_kind kind, int64_t key);
const struct record *state_find_of(const struct state *s, enum line_kind kind, int64_t key,
				   int64_t who);

/*
 * A histogram out of records whose fields are key, bucket and count: this interval's
 * counts into interval, those since attaching into total; either may be NULL.
 */
void state_buckets(const struct state *s, enum line_kind kind, int64_t key,
		   int64_t interval[BUCKETS], int64_t total[BUCKETS]);
void state_buckets_of(const struct state *s, enum line_kind kind, int64_t key, int64_t who,
		      int64_t interval[BUCKETS], int64_t total[BUCKETS]);

#endif
