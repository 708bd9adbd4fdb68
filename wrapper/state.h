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
#include <stddef.h>
#include <stdint.h>

#include "bucket.h"
#include "line.h"

#define STATE_RECORDS 100000          /* more are not kept, but counted */
#define STATE_TEXT (64 * 1024 * 1024) /* bytes of text, likewise */

/* One field of a record, in the snapshots that matter; line.h has its position. */
struct field {
	int64_t now;
	int64_t before, first; /* of a sum; 0 where the record was not there yet */
	int64_t next;
	char *text, *next_text; /* of a text */
};

struct record {
	enum line_kind kind;
	bool present;  /* in the present snapshot */
	int64_t stamp; /* of the snapshot it was last read in */
	uint32_t hash;
	struct field field[];
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
	struct loss loss;
};

struct state {
	bool hello;                 /* the first line has been read */
	char module[32];            /* what it says the module is: may be cut */
	bool open;                  /* between snap and end */
	bool shown;                 /* the present one */
	int64_t snapshots;          /* complete ones */
	int64_t stamp;              /* snapshots begun */
	int64_t unknown, malformed; /* lines not understood */
	int64_t full;               /* records without a place here */
	struct snapshot first, before, now, next;
	struct record **records; /* in the order in which they came */
	uint32_t *index;         /* hash -> 1 + place in records; 0: free */
	size_t n_records, n_index, text_bytes;
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

/* Gives back all memory; the state is then as at its beginning. */
void state_free(struct state *s);

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

/*
 * The present record of a kind whose only key is this number; NULL: there is none. With
 * whose it is, where figures are split; without: 0.
 */
const struct record *state_find(const struct state *s, enum line_kind kind, int64_t key);
const struct record *state_find_of(const struct state *s, enum line_kind kind, int64_t key,
				   int64_t who);

/* Whose record it is: see LINE_WHO; 0: it is not split. */
int64_t record_who(const struct record *r);

/*
 * A field's number as it was sent, the growth of a sum in the interval, and since
 * attaching. 0 for r == NULL.
 */
int64_t record_now(const struct record *r, int field);
int64_t record_delta(const struct record *r, int field);
int64_t record_total(const struct record *r, int field);

/*
 * A histogram out of records whose fields are key, bucket and count: this interval's
 * counts into interval, those since attaching into total; either may be NULL.
 */
void state_buckets(const struct state *s, enum line_kind kind, int64_t key,
		   int64_t interval[BUCKETS], int64_t total[BUCKETS]);
void state_buckets_of(const struct state *s, enum line_kind kind, int64_t key, int64_t who,
		      int64_t interval[BUCKETS], int64_t total[BUCKETS]);

/* A field's text; "" for r == NULL. */
const char *record_text(const struct record *r, int field);

#endif
