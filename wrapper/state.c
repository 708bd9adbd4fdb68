// SPDX-License-Identifier: GPL-2.0-or-later
#include "state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *fields(const struct record *r)
{
	return line_grammar[r->kind].fields;
}

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
	return strchr(fields(r), 's') != NULL;
}

static uint32_t mix(uint32_t hash, const void *bytes, size_t n)
{
	for (const unsigned char *p = bytes; n--; p++)
		hash = (hash ^ *p) * 16777619;
	return hash;
}

static uint32_t hash_of(const struct line *line)
{
	const char *types = line_grammar[line->kind].fields;
	uint32_t hash = mix(2166136261, &line->kind, sizeof(line->kind));

	for (int i = 0; types[i]; i++) {
		if (types[i] == 'k' || types[i] == 'w')
			hash = mix(hash, &line->num[i], sizeof(line->num[i]));
		else if (types[i] == 'K')
			hash = mix(hash, line->text[i], strlen(line->text[i]) + 1);
	}
	return hash;
}

static bool same_key(const struct record *r, const struct line *line)
{
	const char *types = fields(r);

	if (r->kind != line->kind)
		return false;
	for (int i = 0; types[i]; i++) {
		if ((types[i] == 'k' || types[i] == 'w') && r->field[i].now != line->num[i])
			return false;
		if (types[i] == 'K' && strcmp(r->field[i].text, line->text[i]))
			return false;
	}
	return true;
}

static struct record *find(const struct state *s, const struct line *line, uint32_t hash)
{
	for (size_t at = hash; s->n_index && s->index[at & (s->n_index - 1)]; at++) {
		struct record *r = s->records[s->index[at & (s->n_index - 1)] - 1];

		if (r->hash == hash && same_key(r, line))
			return r;
	}
	return NULL;
}

static void enter(struct state *s, size_t place)
{
	size_t at = s->records[place]->hash;

	while (s->index[at & (s->n_index - 1)])
		at++;
	s->index[at & (s->n_index - 1)] = (uint32_t)place + 1;
}

/* The index is at least twice as large as what is in it. */
static bool make_room(struct state *s)
{
	size_t n = s->n_index ? 2 * s->n_index : 64;
	struct record **records;
	uint32_t *index;

	if (2 * (s->n_records + 1) <= s->n_index)
		return true;
	index = calloc(n, sizeof(*index));
	if (!index)
		return false;
	records = realloc(s->records, n / 2 * sizeof(*records));
	if (!records) {
		free(index);
		return false;
	}
	free(s->index);
	s->records = records;
	s->index = index;
	s->n_index = n;
	for (size_t i = 0; i < s->n_records; i++)
		enter(s, i);
	return true;
}

static char *copy_text(struct state *s, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = s->text_bytes + size <= STATE_TEXT ? malloc(size) : NULL;

	if (copy) {
		memcpy(copy, text, size);
		s->text_bytes += size;
	}
	return copy;
}

static void drop_text(struct state *s, char **text)
{
	if (*text)
		s->text_bytes -= strlen(*text) + 1;
	free(*text);
	*text = NULL;
}

static void drop(struct state *s, struct record *r)
{
	for (int i = 0; fields(r)[i]; i++) {
		drop_text(s, &r->field[i].text);
		drop_text(s, &r->field[i].next_text);
	}
	free(r);
}

/* A new record with the key of this line; NULL: no room. */
static struct record *add(struct state *s, const struct line *line, uint32_t hash)
{
	const char *types = line_grammar[line->kind].fields;
	struct record *r;

	if (s->n_records == STATE_RECORDS || !make_room(s))
		return NULL;
	r = calloc(1, sizeof(*r) + strlen(types) * sizeof(r->field[0]));
	if (!r)
		return NULL;
	r->kind = line->kind;
	r->hash = hash;
	for (int i = 0; types[i]; i++) {
		if (types[i] == 'k' || types[i] == 'w')
			r->field[i].now = line->num[i];
		if (types[i] == 'K' && !(r->field[i].text = copy_text(s, line->text[i]))) {
			drop(s, r);
			return NULL;
		}
	}
	s->records[s->n_records++] = r;
	enter(s, s->n_records - 1);
	return r;
}

/* What came for the next snapshot now counts. */
static void advance(struct state *s, struct record *r)
{
	const char *types = fields(r);

	for (int i = 0; types[i]; i++) {
		struct field *f = &r->field[i];

		if (is_key(types[i]))
			continue;
		if (types[i] == 't' && f->next_text) {
			drop_text(s, &f->text);
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
	uint32_t hash = hash_of(line);
	struct record *r = find(s, line, hash);

	if (!g->dictionary && !s->open)
		return false;
	if (!r)
		r = add(s, line, hash);
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
		drop_text(s, &f->next_text);
		f->next_text = copy_text(s, line->text[i]);
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
	for (size_t k = 0; k < s->n_records; k++) {
		const struct record *r = s->records[k];

		if (!r->present || !has_sums(r))
			continue;
		if (r->stamp != s->stamp)
			return true;
		for (int i = 0; fields(r)[i]; i++) {
			if (fields(r)[i] == 's' && r->field[i].next < r->field[i].now)
				return true;
		}
	}
	return false;
}

/* Removes what the present snapshot lacks. */
static void sweep(struct state *s)
{
	size_t n = 0;

	for (size_t k = 0; k < s->n_records; k++) {
		struct record *r = s->records[k];

		if (line_grammar[r->kind].dictionary || r->stamp == s->stamp)
			s->records[n++] = r;
		else
			drop(s, r);
	}
	if (n == s->n_records)
		return;
	s->n_records = n;
	memset(s->index, 0, s->n_index * sizeof(*s->index));
	for (size_t k = 0; k < n; k++)
		enter(s, k);
}

/* The end has come: the snapshot, when it is whole, becomes the present one. */
static int complete(struct state *s, int64_t sequence)
{
	s->open = false;
	if (sequence != s->next.sequence)
		return -EINVAL;
	if (s->snapshots && s->next.mono_ns < s->first.mono_ns)
		return 0; /* asked for before the beginning */
	if (s->snapshots && has_gap(s))
		return -EINVAL;
	for (size_t k = 0; k < s->n_records; k++) {
		struct record *r = s->records[k];

		for (int i = 0; s->shown && fields(r)[i]; i++)
			r->field[i].before = r->field[i].now;
		if (r->stamp == s->stamp && !line_grammar[r->kind].dictionary)
			advance(s, r);
	}
	sweep(s);
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
		snprintf(s->module, sizeof(s->module), "%s", line->text[1]);
		return 0;
	}
	if (!s->hello)
		return -EPROTO;
	switch (line->kind) {
	case LINE_SNAP:
		s->open = true;
		s->stamp++;
		s->next = (struct snapshot){ .sequence = num[0],
					     .mono_ns = num[1],
					     .real_ns = num[2],
					     .final = num[3] == 1 };
		return 0;
	case LINE_LOSS:
		s->next.loss = (struct loss){ num[0], num[1], num[2] };
		return s->open ? 0 : -EINVAL;
	case LINE_END:
		return s->open ? complete(s, num[0]) : -EINVAL;
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
		s->unknown++;
	else if (err == -EINVAL)
		s->malformed++;
	else
		return err;
	return 0;
}

void state_begin(struct state *s, int64_t mono_ns)
{
	s->first.mono_ns = s->now.mono_ns = mono_ns;
}

void state_shown(struct state *s)
{
	s->shown = true;
}

void state_free(struct state *s)
{
	for (size_t k = 0; k < s->n_records; k++)
		drop(s, s->records[k]);
	free(s->records);
	free(s->index);
	*s = (struct state){ 0 };
}

double state_interval_s(const struct state *s)
{
	return (double)(s->now.mono_ns - s->before.mono_ns) / 1e9;
}

int64_t state_per_second(const struct state *s, int64_t n)
{
	double seconds = state_interval_s(s), rate = seconds > 0 ? (double)n / seconds + 0.5 : 0;

	return rate >= 9.2e18 ? INT64_MAX : rate <= -9.2e18 ? -INT64_MAX : (int64_t)rate;
}

double state_attached_s(const struct state *s)
{
	return (double)(s->now.mono_ns - s->first.mono_ns) / 1e9;
}

struct loss state_loss(const struct state *s)
{
	struct loss loss = s->now.loss;

	if (loss.table_full < INT64_MAX - s->full)
		loss.table_full += s->full;
	return loss;
}

const struct record *state_each(const struct state *s, enum line_kind kind, size_t *at)
{
	while (*at < s->n_records) {
		const struct record *r = s->records[(*at)++];

		if (r->kind == kind && r->present)
			return r;
	}
	return NULL;
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
	r = find(s, &line, hash_of(&line));
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

int64_t record_who(const struct record *r)
{
	const char *owner = strchr(fields(r), 'w');

	return owner ? r->field[owner - fields(r)].now : 0;
}

int64_t record_now(const struct record *r, int field)
{
	return r ? r->field[field].now : 0;
}

int64_t record_delta(const struct record *r, int field)
{
	return r ? r->field[field].now - r->field[field].before : 0;
}

int64_t record_total(const struct record *r, int field)
{
	return r ? r->field[field].now - r->field[field].first : 0;
}

void state_buckets_of(const struct state *s, enum line_kind kind, int64_t key, int64_t who,
		      int64_t interval[BUCKETS], int64_t total[BUCKETS])
{
	for (int i = 0; i < BUCKETS; i++) {
		const struct record *r = find_keys(s, kind, key, i, who);

		if (interval)
			interval[i] = record_delta(r, 2);
		if (total)
			total[i] = record_total(r, 2);
	}
}

void state_buckets(const struct state *s, enum line_kind kind, int64_t key,
		   int64_t interval[BUCKETS], int64_t total[BUCKETS])
{
	state_buckets_of(s, kind, key, 0, interval, total);
}

const char *record_text(const struct record *r, int field)
{
	return r && r->field[field].text ? r->field[field].text : "";
}
