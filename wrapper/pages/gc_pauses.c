// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 212, gc-pauses: how many pauses were how long, by generation and power of two.
 */
#include "model/sum.h"
#include "pages/page.h"
#include "pages/split.h"

/* clang-format off */
enum { GENERATION, PID, TID, FROM, TO, COUNT, BAR, COUNT_TOTAL, BAR_TOTAL, N_COLUMNS };
/* clang-format on */

static const struct column columns[N_COLUMNS] = {
	[GENERATION] = { "generation", "gen", 3, UNIT_NUMBER, BLOCK_BOTH },
	[PID] = BY_PID_COLUMN,
	[TID] = BY_TID_COLUMN,
	[FROM] = { "from_ns", "from", 10, UNIT_NS, BLOCK_BOTH },
	[TO] = { "to_ns", "to", 10, UNIT_NS, BLOCK_BOTH },
	[COUNT] = { "count", "pauses", 10, UNIT_COUNT, BLOCK_INTERVAL },
	[BAR] = { NULL, "", 46, UNIT_BAR, BLOCK_INTERVAL },
	[COUNT_TOTAL] = { "count_total", "pauses", 10, UNIT_COUNT, BLOCK_TOTAL },
	[BAR_TOTAL] = { NULL, "", 46, UNIT_BAR, BLOCK_TOTAL },
};

#define GC_GENERATIONS 3
#define POWERS 63
#define PAUSES_ROWS 60 /* of a block of a text page that is split */

/* The power of two that a bucket lies behind; see model/histogram.h. */
static int power(int bucket)
{
	if (bucket >= 16)
		return bucket / 16 + 3;
	return bucket >= 8 ? 3 : bucket >= 4 ? 2 : bucket >= 2 ? 1 : 0;
}

static void add_up(const int64_t buckets[BUCKETS], int64_t powers[POWERS])
{
	for (int i = 0; i < POWERS; i++)
		powers[i] = 0;
	for (int i = 0; i < BUCKETS; i++)
		powers[power(i)] = sum_add(powers[power(i)], buckets[i]);
}

static int64_t most(const int64_t n[POWERS])
{
	int64_t max = 1;

	for (int i = 0; i < POWERS; i++)
		max = n[i] > max ? n[i] : max;
	return max;
}

static void fill(const struct state *s, struct table *t, int generation, int64_t who)
{
	int64_t interval[BUCKETS], total[BUCKETS], now[POWERS], all[POWERS];
	int first = POWERS, last = -1;

	state_buckets_of(s, LINE_PAUSE, generation, who, interval, total);
	add_up(interval, now);
	add_up(total, all);
	for (int i = 0; i < POWERS; i++) {
		if (!all[i])
			continue;
		first = first < i ? first : i;
		last = i;
	}
	for (int i = first; i <= last; i++) {
		struct cell *c = table_row(t);

		if (!c)
			return;
		by_set(s, &c[PID], &c[TID], who);
		c[GENERATION].number = generation;
		c[FROM].number = i ? (int64_t)1 << i : 0;
		c[TO].number = i < 62 ? (int64_t)1 << (i + 1) : INT64_MAX;
		c[COUNT].number = now[i];
		c[COUNT_TOTAL].number = all[i];
		c[BAR].share = (double)now[i] / (double)most(now);
		c[BAR_TOTAL].share = (double)all[i] / (double)most(all);
	}
}

void page_gc_pauses_fill(const struct state *s, struct table *t)
{
	size_t at = 0;
	int64_t who;

	table_begin(t, columns, N_COLUMNS);
	t->empty = "no collections";
	if (by_begin(s, t, PID, TID))
		t->text_rows = PAUSES_ROWS;
	while (by_each(s, &at, &who)) {
		for (int g = 0; g < GC_GENERATIONS; g++)
			fill(s, t, g, who);
	}
}
