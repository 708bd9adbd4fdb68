// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Source: struct gc_generation_stats. To 3.14 an array of three, three 8-byte numbers each. In
 * 3.15 a pointer to rings, one of 11 entries for the youngest generation and two of 3, an entry
 * being eight numbers, and after each ring the place of the last entry in one byte; entries add
 * up (Include/internal/pycore_interp_structs.h, and Python/gc.c, 3.15.2).
 */
#include "collect/memory_gc.h"

#include <stdlib.h>
#include <string.h>

#define TRIES 5
#define RING_BYTES 64 /* of an entry */
#define YOUNG 11
#define OLD 3
#define COUNT_MAX (INT64_C(1) << 48) /* what is more is no count */

/* The fields of an entry of such a ring. */
enum { RING_COLLECTIONS = 2, RING_COLLECTED, RING_UNCOLLECTABLE, RING_DURATION = 6 };

static bool is_count(int64_t n)
{
	return n >= 0 && n < COUNT_MAX;
}

static bool read_ring(struct memory *m, uint64_t at, int entries, struct memory_generation *g)
{
	uint64_t words[RING_BYTES / 8];
	double seconds;
	int8_t index;

	if (memory_read(m, at + (uint64_t)entries * RING_BYTES, &index, 1) || index < 0 ||
	    index >= entries ||
	    memory_read(m, at + (uint64_t)index * RING_BYTES, words, sizeof(words)))
		return false;
	memcpy(&seconds, &words[RING_DURATION], sizeof(seconds));
	g->runs = (int64_t)words[RING_COLLECTIONS];
	g->found = (int64_t)(words[RING_COLLECTED] + words[RING_UNCOLLECTABLE]);
	g->ns = seconds >= 0 && seconds < 9e8 ? (int64_t)(seconds * 1e9) : -1;
	return is_count(g->runs) && is_count(g->found);
}

static bool read_rings(struct memory *m, uint64_t at, struct memory_generation *g)
{
	uint64_t ring;

	if (memory_read(m, at, &ring, sizeof(ring)) || !ring)
		return false;
	for (int i = 0; i < MEMORY_GENERATIONS; i++) {
		int entries = i ? OLD : YOUNG;

		if (!read_ring(m, ring, entries, &g[i]))
			return false;
		ring += (uint64_t)entries * RING_BYTES + 8;
	}
	return true;
}

static bool read_array(struct memory *m, uint64_t at, struct memory_generation *g)
{
	uint64_t words[3 * MEMORY_GENERATIONS];

	if (memory_read(m, at, words, sizeof(words)))
		return false;
	for (int i = 0; i < MEMORY_GENERATIONS; i++) {
		const uint64_t *w = words + (ptrdiff_t)3 * i;

		g[i] = (struct memory_generation){ .runs = (int64_t)w[0],
						   .found = (int64_t)(w[1] + w[2]),
						   .ns = -1 };
		if (!is_count(g[i].runs) || !is_count(g[i].found))
			return false;
	}
	return true;
}

/* Twice the same, since a collection may be ending right now. */
static bool read_one(struct memory *m, const struct python *p, uint64_t interpreter,
		     struct memory_generation *g)
{
	struct memory_generation again[MEMORY_GENERATIONS];
	uint64_t at = p->layout.r_gc ? p->runtime + p->layout.r_gc : interpreter + p->layout.i_gc;

	for (int i = 0; i < TRIES; i++) {
		bool rings = p->layout.minor >= 15;

		memory_forget(m);
		if (!(rings ? read_rings(m, at, g) : read_array(m, at, g)))
			return false;
		memory_forget(m);
		if (!(rings ? read_rings(m, at, again) : read_array(m, at, again)))
			return false;
		if (!memcmp(g, again, sizeof(again)))
			return true;
	}
	return false;
}

static struct memory_gc_last *last_of(struct memory_gc *gc, uint64_t interpreter, bool *known)
{
	struct memory_gc_last *more;

	*known = true;
	for (size_t i = 0; i < gc->n; i++) {
		if (gc->last[i].at == interpreter)
			return &gc->last[i];
	}
	*known = false;
	more = reallocarray(gc->last, gc->n + 1, sizeof(*more));
	if (!more)
		return NULL;
	gc->last = more;
	more[gc->n] = (struct memory_gc_last){ .at = interpreter };
	return &more[gc->n++];
}

static void add(struct memory_generation *sum, const struct memory_generation *now,
		const struct memory_generation *last)
{
	/* Less than before: another interpreter lies there now. */
	bool other = now->runs < last->runs || now->found < last->found || now->ns < last->ns;

	sum->runs += now->runs - (other ? 0 : last->runs);
	sum->found += now->found - (other ? 0 : last->found);
	if (now->ns >= 0)
		sum->ns += now->ns - (other || last->ns < 0 ? 0 : last->ns);
}

void memory_gc_read(struct memory *m, const struct python *p, struct memory_gc *gc, bool fresh)
{
	uint64_t list[PYTHON_INTERPRETERS];
	bool begin = !gc->n && !fresh;
	int n;

	memory_forget(m);
	n = python_interpreters(m, p, list);
	gc->unread += n <= 0;
	for (int i = 0; i < n; i++) {
		struct memory_generation now[MEMORY_GENERATIONS];
		struct memory_gc_last *last;
		bool known, read = read_one(m, p, list[i], now);

		gc->unread += !read;
		if (!read || !(last = last_of(gc, list[i], &known)))
			continue;
		for (int g = 0; g < MEMORY_GENERATIONS; g++) {
			if (known || !begin)
				add(&gc->sums[g], &now[g], &last->generations[g]);
			last->generations[g] = now[g];
		}
	}
}

void memory_gc_free(struct memory_gc *gc)
{
	free(gc->last);
	*gc = (struct memory_gc){ 0 };
}
