// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/since_seen.h"

#include <stdlib.h>

static int by_key(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->counter - y->counter;
}

static int64_t growth(struct since_seen *s, int64_t key, int counter, int64_t now, int64_t base)
{
	struct seen wanted = { .key = key, .counter = counter, .base = base, .look = s->look };
	struct seen *old =
		s->sorted ? bsearch(&wanted, s->list, s->sorted, sizeof(wanted), by_key) : NULL;

	if (old) {
		old->look = s->look;
		return now > old->base ? now - old->base : 0;
	}
	if (s->n == s->room) {
		size_t room = s->room ? 2 * s->room : 64;
		struct seen *more = reallocarray(s->list, room, sizeof(*more));

		if (!more)
			return 0;
		s->list = more;
		s->room = room;
	}
	s->list[s->n++] = wanted;
	return now - base;
}

int64_t since_seen(struct since_seen *s, int64_t key, int counter, int64_t now)
{
	return growth(s, key, counter, now, now);
}

int64_t since_begun(struct since_seen *s, int64_t key, int counter, int64_t now)
{
	return growth(s, key, counter, now, 0);
}

void since_seen_next(struct since_seen *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (s->list[i].look == s->look)
			s->list[n++] = s->list[i];
	}
	s->n = s->sorted = n;
	if (n)
		qsort(s->list, n, sizeof(*s->list), by_key);
	s->look++;
}

void since_seen_free(struct since_seen *s)
{
	free(s->list);
	*s = (struct since_seen){ 0 };
}
