/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sums by three numbers: whose they are (teletap_who), where they arose (a function or a
 * stack), and what they are of (a system call, a reason). A bounded table that any probe
 * can add to, the scheduler's included.
 */
#ifndef TELETAP_ROWS_H
#define TELETAP_ROWS_H

#include <linux/hash.h>

#include "teletap_session.h"

/*
 * A row is found by its key and taken with cmpxchg, none ever goes, and its sums are
 * atomic: so no event waits for another one, nor for a snapshot. The key has 11 bits for
 * whose it is, 21 for where and 32 for what. A row is a cache line.
 */
#define TELETAP_ROWS_BITS 15
#define TELETAP_ROWS (1 << TELETAP_ROWS_BITS)
#define TELETAP_ROW_PROBES 256
#define TELETAP_ROW_SUMS 6

struct teletap_row {
	u64 key; /* 0: free */
	atomic64_t sums[TELETAP_ROW_SUMS];
	s64 longest; /* since the last snapshot */
};

static struct teletap_row teletap_rows[TELETAP_ROWS] __aligned(64);

/* The row of these numbers, a new one if need be; NULL: there is no room, which is counted. */
static struct teletap_row *teletap_row(u32 who, u32 where, u32 what)
{
	u64 key = ((u64)who << 53 | (u64)where << 32 | what) + 1;
	u32 slot = hash_64(key, TELETAP_ROWS_BITS), i;

	for (i = 0; i < TELETAP_ROW_PROBES; i++, slot++) {
		struct teletap_row *row = &teletap_rows[slot & (TELETAP_ROWS - 1)];
		u64 found = READ_ONCE(row->key);

		if (!found)
			found = cmpxchg64(&row->key, 0, key);
		if (!found || found == key)
			return row;
	}
	atomic64_inc(&teletap_full);
	return NULL;
}

/* Nothing for NULL; so does teletap_row_longest. */
static void teletap_row_add(struct teletap_row *row, int sum, s64 n)
{
	if (row)
		atomic64_add(n, &row->sums[sum]);
}

static void teletap_row_longest(struct teletap_row *row, s64 n)
{
	s64 longest = row ? READ_ONCE(row->longest) : n;

	while (n > longest && !try_cmpxchg(&row->longest, &longest, n))
		;
}

/* The row's sums; NULL for NULL. */
static atomic64_t *teletap_row_sums(struct teletap_row *row)
{
	return row ? row->sums : NULL;
}

static u32 teletap_row_who(const struct teletap_row *row)
{
	return (row->key - 1) >> 53;
}

static u32 teletap_row_where(const struct teletap_row *row)
{
	return (row->key - 1) >> 32 & ((1 << 21) - 1);
}

static u32 teletap_row_what(const struct teletap_row *row)
{
	return row->key - 1;
}

static struct teletap_row *teletap_row_at(s64 row)
{
	return &teletap_rows[(row - 1) & (TELETAP_ROWS - 1)];
}

static bool teletap_row_empty(const struct teletap_row *row)
{
	int i;

	for (i = 0; READ_ONCE(row->key) && i < TELETAP_ROW_SUMS; i++) {
		if (atomic64_read(&row->sums[i]))
			return false;
	}
	return true;
}

#endif
