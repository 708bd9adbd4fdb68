// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/state.h"
#include "model/sum.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_text(char type)
{
	return type == 't' || type == 'K';
}

static bool is_key(char type)
{
	return type == 'k' || type == 'w' || type == 'K';
}

static bool has_sums(const struct record *r)
{
	return strchr(record_fields(r), 's') != NULL;
}

/* What came for the next snapshot now counts. */
static void advance(struct state *s, struct record *r)
{
	const char *types = record_fields(r);

	for (int i = 0; types[i]; i++) {
		struct field *f = &r->field[i];

		if (is_key(types[i]))
			continue;
		if (types[i] == 't' && f->next_text) {
			store_text_free(&s->store, &f->text);
			f->text = f->next_text;
			f->next_text = NULL;
		}
		/* What is not a sum is brought to the whole interval. */
		if (types[i] == 'm' && !s->shown && f->next < f->now)
			f->next = f->now;
		f->now = f->next;
		if (!s->snapshots)
			f->before = f->first = f->now;
	}
	r->present = true;
}

static bool take_record(struct state *s, const struct line *line)
{
	const struct line_grammar *g = &line_grammar[line->kind];
	struct record *r = store_find(&s->store, line);

	if (!g->dictionary && !s->open)
		return false;
	if (!r)
		r = store_add(&s->store, line);
	if (!r) {
		s->full++;
		return true;
	}
	for (int i = 0; g->fields[i]; i++) {
		struct field *f = &r->field[i];

		if (is_key(g->fields[i]))
			continue;
		if (!is_text(g->fields[i])) {
			f->next = line->num[i];
			continue;
		}
		store_text_free(&s->store, &f->next_text);
		f->next_text = store_text(&s->store, line->text[i]);
		s->full += !f->next_text;
	}
	r->stamp = s->stamp;
	if (g->dictionary)
		advance(s, r);
	return true;
}

/*
 * Sums and the clock only grow, and what has a sum stays. Where it is not so, a
 * piece was lost on the way.
 */
static bool has_gap(const struct state *s)
{
	if (s->next.mono_ns < s->now.mono_ns)
		return true;
	for (size_t k = 0; k < s->store.n; k++) {
		const struct record *r = s->store.list[k];

		if (!r->present || !has_sums(r))
			continue;
		if (r->stamp != s->stamp)
			return true;
		for (int i = 0; record_fields(r)[i]; i++) {
			if (record_fields(r)[i] == 's' && r->field[i].next < r->field[i].now)
				return true;
		}
	}
	return false;
}

/* The snapshot has lost a piece; one that was asked for before the beginning is not missed. */
static void lose(struct state *s)
{
	if (s->snapshots && s->next.mono_ns >= s->first.mono_ns)
		s->cut = sum_add(s->cut, 1);
	s->open = false;
}

/* The end has come: the snapshot, when it is whole, becomes the present one. */
static int complete(struct state *s, int64_t sequence)
{
	s->open = false;
	if (sequence != s->next.sequence)
		return -EINVAL;
	if (s->snapshots && s->next.mono_ns < s->first.mono_ns)
		return 0; /* asked for before the beginning */
	if (s->snapshots && has_gap(s)) {
		if (s->next.loss.dropped <= s->now.loss.dropped)
			return -EINVAL;
		lose(s);
		return 0;
	}
	for (size_t k = 0; k < s->store.n; k++) {
		struct record *r = s->store.list[k];

		for (int i = 0; s->shown && record_fields(r)[i]; i++)
			r->field[i].before = r->field[i].now;
		if (r->stamp == s->stamp && !line_grammar[r->kind].dictionary)
			advance(s, r);
	}
	store_sweep(&s->store, s->stamp);
	if (!s->snapshots)
		s->first = s->before = s->next;
	else if (s->shown)
		s->before = s->now;
	s->now = s->next;
	s->shown = !s->snapshots++;
	return 1;
}

/* Takes a record, as state_take; -EINVAL when its values make no sense where it stands. */
static int take(struct state *s, const struct line *line)
{
	const int64_t *num = line->num;

	if (line->kind == LINE_HELLO) {
		s->hello = true;
		snprintf(s->module, sizeof(s->module), "%s", line->text[HELLO_MODULE]);
		snprintf(s->collector, sizeof(s->collector), "%s",
			 line->text[HELLO_COLLECTOR] ? line->text[HELLO_COLLECTOR] : "stap");
		return 0;
	}
	if (!s->hello)
		return -EPROTO;
	switch (line->kind) {
	case LINE_REFUSED:
		s->refused = num[REFUSED_ERRNO];
		return 0;
	case LINE_SNAP:
		state_ended(s);
		s->open = true;
		s->stamp++;
		s->next = (struct snapshot){ .sequence = num[SNAP_SEQUENCE],
					     .mono_ns = num[SNAP_MONO_NS],
					     .real_ns = num[SNAP_REAL_NS],
					     .final = num[SNAP_FINAL] == 1 };
		return 0;
	case LINE_LOSS:
		s->next.loss =
			(struct loss){ num[LOSS_SKIPPED], num[LOSS_DROPPED], num[LOSS_TABLE_FULL] };
		return s->open ? 0 : -EINVAL;
	case LINE_END:
		return s->open ? complete(s, num[END_SEQUENCE]) : -EINVAL;
	default:
		return take_record(s, line) ? 0 : -EINVAL;
	}
}

int state_take(struct state *s, char *text, size_t len)
{
	struct line line;
	int err = line_parse(text, len, &line);

	if (!err)
		err = take(s, &line);
	if (err == -ENOMSG)
		s->unknown = sum_add(s->unknown, 1);
	else if (err == -EINVAL)
		s->malformed = sum_add(s->malformed, 1);
	else
		return err;
	return 0;
}

void state_begin(struct state *s, int64_t mono_ns)
{
	s->first.mono_ns = s->now.mono_ns = mono_ns;
}

void state_ended(struct state *s)
{
	if (s->open)
		lose(s);
}

void state_shown(struct state *s)
{
	s->shown = true;
}

void state_free(struct state *s)
{
	store_free(&s->store);
	*s = (struct state){ 0 };
}

int64_t state_real_ns(const struct state *s, int64_t mono_ns)
{
	return sum_minus(s->now.real_ns, sum_minus(s->now.mono_ns, mono_ns));
}

double state_interval_s(const struct state *s)
{
	return (double)sum_minus(s->now.mono_ns, s->before.mono_ns) / 1e9;
}

int64_t state_per_second(const struct state *s, int64_t n)
{
	double seconds = state_interval_s(s), rate = seconds > 0 ? (double)n / seconds + 0.5 : 0;

	return rate >= 9.2e18 ? INT64_MAX : rate <= -9.2e18 ? -INT64_MAX : (int64_t)rate;
}

double state_attached_s(const struct state *s)
{
	return (double)sum_minus(s->now.mono_ns, s->first.mono_ns) / 1e9;
}

struct loss state_loss(const struct state *s)
{
	struct loss loss = s->now.loss;

	loss.dropped = sum_add(loss.dropped, s->cut);
	loss.table_full = sum_add(loss.table_full, s->full);
	return loss;
}

const struct record *state_each(const struct state *s, enum line_kind kind, size_t *at)
{
	while (*at < s->store.n) {
		const struct record *r = s->store.list[(*at)++];

		if (r->kind == kind && r->present)
			return r;
	}
	return NULL;
}

const struct record **state_list(const struct state *s, enum line_kind kind, size_t *n)
{
	const struct record *r, **list;
	size_t at = 0;

	*n = 0;
	while (state_each(s, kind, &at))
		++*n;
	list = calloc(*n + 1, sizeof(const struct record *));
	at = *n = 0;
	while (list && (r = state_each(s, kind, &at)))
		list[(*n)++] = r;
	return list;
}

const struct record *state_first(const struct state *s, enum line_kind kind)
{
	size_t at = 0;

	return state_each(s, kind, &at);
}

/* The present record with these keys; NULL: there is none. */
static const struct record *find_keys(const struct state *s, enum line_kind kind, int64_t first,
				      int64_t second, int64_t who)
{
	struct line line = { .kind = kind, .num = { first, second } };
	const char *owner = strchr(line_grammar[kind].fields, 'w');
	const struct record *r;

	if (owner)
		line.num[owner - line_grammar[kind].fields] = who;
	r = store_find(&s->store, &line);
	return r && r->present ? r : NULL;
}

const struct record *state_find(const struct state *s, enum line_kind kind, int64_t key)
{
	return find_keys(s, kind, key, 0, 0);
}

const struct record *state_find_of(const struct state *s, enum line_kind kind, int64_t key,
				   int64_t who)
{
	return find_keys(s, kind, key, 0, who);
}

/* Histograms have the same fields: a key, the bucket, and the count. */
#define BUCKETS_COUNT 2
_Static_assert(PAUSE_COUNT == BUCKETS_COUNT, "pause");
_Static_assert(TOOK_COUNT == BUCKETS_COUNT, "took");
_Static_assert(WAITED_COUNT == BUCKETS_COUNT, "waited");
_Static_assert(OFFTIME_COUNT == BUCKETS_COUNT, "offtime");
_Static_assert(SPANTIME_COUNT == BUCKETS_COUNT, "spantime");
_Static_assert(DISKTIME_COUNT == BUCKETS_COUNT, "disktime");

void state_buckets_of(const struct state *s, enum line_kind kind, int64_t key, int64_t who,
		      int64_t interval[BUCKETS], int64_t total[BUCKETS])
{
	for (int i = 0; i < BUCKETS; i++) {
		const struct record *r = find_keys(s, kind, key, i, who);

		if (interval)
			interval[i] = record_delta(r, BUCKETS_COUNT);
		if (total)
			total[i] = record_total(r, BUCKETS_COUNT);
	}
}

void state_buckets(const struct state *s, enum line_kind kind, int64_t key,
		   int64_t interval[BUCKETS], int64_t total[BUCKETS])
{
	state_buckets_of(s, kind, key, 0, interval, total);
}
