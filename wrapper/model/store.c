// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/store.h"
#include "model/sum.h"

#include <stdlib.h>
#include <string.h>

const char *record_fields(const struct record *r)
{
	return line_grammar[r->kind].fields;
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
	const char *types = record_fields(r);

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

struct record *store_find(const struct store *all, const struct line *line)
{
	uint32_t hash = hash_of(line);

	for (size_t at = hash; all->n_index && all->index[at & (all->n_index - 1)]; at++) {
		struct record *r = all->list[all->index[at & (all->n_index - 1)] - 1];

		if (r->hash == hash && same_key(r, line))
			return r;
	}
	return NULL;
}

static void enter(struct store *all, size_t place)
{
	size_t at = all->list[place]->hash;

	while (all->index[at & (all->n_index - 1)])
		at++;
	all->index[at & (all->n_index - 1)] = (uint32_t)place + 1;
}

/* The index is at least twice as large as what is in it. */
static bool make_room(struct store *all)
{
	size_t n = all->n_index ? 2 * all->n_index : 64;
	struct record **records;
	uint32_t *index;

	if (2 * (all->n + 1) <= all->n_index)
		return true;
	index = calloc(n, sizeof(*index));
	if (!index)
		return false;
	records = realloc(all->list, n / 2 * sizeof(*records));
	if (!records) {
		free(index);
		return false;
	}
	free(all->index);
	all->list = records;
	all->index = index;
	all->n_index = n;
	for (size_t i = 0; i < all->n; i++)
		enter(all, i);
	return true;
}

char *store_text(struct store *all, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = all->text_bytes + size <= STORE_TEXT ? malloc(size) : NULL;

	if (copy) {
		memcpy(copy, text, size);
		all->text_bytes += size;
	}
	return copy;
}

void store_text_free(struct store *all, char **text)
{
	if (*text)
		all->text_bytes -= strlen(*text) + 1;
	free(*text);
	*text = NULL;
}

static void drop(struct store *all, struct record *r)
{
	for (int i = 0; record_fields(r)[i]; i++) {
		store_text_free(all, &r->field[i].text);
		store_text_free(all, &r->field[i].next_text);
	}
	free(r);
}

struct record *store_add(struct store *all, const struct line *line)
{
	const char *types = line_grammar[line->kind].fields;
	struct record *r;

	if (all->n == STORE_RECORDS || !make_room(all))
		return NULL;
	r = calloc(1, sizeof(*r) + strlen(types) * sizeof(r->field[0]));
	if (!r)
		return NULL;
	r->kind = line->kind;
	r->hash = hash_of(line);
	for (int i = 0; types[i]; i++) {
		if (types[i] == 'k' || types[i] == 'w')
			r->field[i].now = line->num[i];
		if (types[i] == 'K' && !(r->field[i].text = store_text(all, line->text[i]))) {
			drop(all, r);
			return NULL;
		}
	}
	all->list[all->n++] = r;
	enter(all, all->n - 1);
	return r;
}

void store_sweep(struct store *all, int64_t stamp)
{
	size_t n = 0;

	for (size_t k = 0; k < all->n; k++) {
		struct record *r = all->list[k];

		if (line_grammar[r->kind].dictionary || r->stamp == stamp)
			all->list[n++] = r;
		else
			drop(all, r);
	}
	if (n == all->n)
		return;
	all->n = n;
	memset(all->index, 0, all->n_index * sizeof(*all->index));
	for (size_t k = 0; k < n; k++)
		enter(all, k);
}

void store_free(struct store *all)
{
	for (size_t k = 0; k < all->n; k++)
		drop(all, all->list[k]);
	free(all->list);
	free(all->index);
	*all = (struct store){ 0 };
}

int64_t record_who(const struct record *r)
{
	const char *owner = strchr(record_fields(r), 'w');

	return owner ? r->field[owner - record_fields(r)].now : 0;
}

int64_t record_now(const struct record *r, int field)
{
	return r ? r->field[field].now : 0;
}

int64_t record_delta(const struct record *r, int field)
{
	return r ? sum_minus(r->field[field].now, r->field[field].before) : 0;
}

int64_t record_total(const struct record *r, int field)
{
	return r ? sum_minus(r->field[field].now, r->field[field].first) : 0;
}

const char *record_text(const struct record *r, int field)
{
	return r && r->field[field].text ? r->field[field].text : "";
}
