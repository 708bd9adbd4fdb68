/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state: records -> the numbers behind each page. Pure: the clock comes in with
 * the records.
 *
 * A snapshot is stored aside and takes effect as a whole when its end has been read, so
 * that an incomplete snapshot, or one with a gap, is never shown. Collectors send sums
 * since they started; the numbers of an interval are the difference of two snapshots:
 * the current one, and the last one that was shown before it.
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
	char module[32];            /* the module's name in that line, may be cut */
	char collector[16];         /* the collector's name in that line, may be cut */
	bool open;                  /* between snap and end */
	bool shown;                 /* the current snapshot */
	int64_t refused;            /* errno of a probe that the kernel refused; 0: none */
	int64_t snapshots;          /* complete ones */
	int64_t stamp;              /* snapshots begun */
	int64_t unknown, malformed; /* lines not understood */
	int64_t full;               /* records without a place here */
	int64_t cut;                /* snapshots that lost a line on their way out */
	struct snapshot first, before, now, next;
	struct store store;
};

/*
 * Takes one line (see line_parse for its buffer). Returns 1 when the line completed a
 * snapshot, 0 otherwise; -EPROTO when the collector speaks another version.
 */
int state_take(struct state *s, char *text, size_t len);

/*
 * The markers have been enabled since mono_ns: the first interval begins then, and not
 * with the snapshot before.
 */
void state_begin(struct state *s, int64_t mono_ns);

/* No more lines will come: a snapshot without an end has lost it. */
void state_ended(struct state *s);

/* The current snapshot has been shown: the next interval begins with it. */
void state_shown(struct state *s);

/* Frees all memory; the state is empty afterwards. */
void state_free(struct state *s);

/* Converts a time of the monotonic clock to one since 1970, in ns. */
int64_t state_real_ns(const struct state *s, int64_t mono_ns);

/* The length of the interval, in seconds. */
double state_interval_s(const struct state *s);

/* The rate per second of n events in the interval, rounded. */
int64_t state_per_second(const struct state *s, int64_t n);

/* The time from the first snapshot to the current one, in seconds. */
double state_attached_s(const struct state *s);

/* The events that are missing from the current snapshot. */
struct loss state_loss(const struct state *s);

/*
 * Returns the present records of a kind, one after the other; NULL after the last one.
 * Set *at to 0 before the first call, and leave it alone between calls.
 */
const struct record *state_each(const struct state *s, enum line_kind kind, size_t *at);

/* Lists the present records of a kind, *n of them; to be freed. NULL: out of memory. */
const struct record **state_list(const struct state *s, enum line_kind kind, size_t *n);

/* Returns the first present record of a kind, or its only one; NULL: there is none. */
const struct record *state_first(const struct state *s, enum line_kind kind);

/*
 * Finds the present record of a kind whose only key, besides its owner, is this number;
 * NULL: there is none. who: the owner (record who), where figures are split; without: 0.
 */
const struct record *state_find(const struct state *s, enum line_kind kind, int64_t key);
const struct record *state_find_of(const struct state *s, enum line_kind kind, int64_t key,
				   int64_t who);

/*
 * Gathers a histogram from records whose fields are key, bucket and count: the counts of
 * the interval into interval, those since attaching into total; either may be NULL.
 */
void state_buckets(const struct state *s, enum line_kind kind, int64_t key,
		   int64_t interval[BUCKETS], int64_t total[BUCKETS]);
void state_buckets_of(const struct state *s, enum line_kind kind, int64_t key, int64_t who,
		      int64_t interval[BUCKETS], int64_t total[BUCKETS]);

#endif
