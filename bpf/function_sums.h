/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * function_sums: calls and times of functions, added up by name, and by who.
 */
#ifndef TELETAP_BPF_FUNCTION_SUMS_H
#define TELETAP_BPF_FUNCTION_SUMS_H

#include "call_sums.h"
#include "session.h"

struct sums_tables tables;

struct row_key {
	uint32_t who, name;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CALL_ROWS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct row_key);
	__type(value, uint32_t);
} row_numbers SEC(".maps");

/* The sums of a name, by who if that is not 0; NULL: there is no room, which is counted. */
static __always_inline struct call_sums *sums_of(uint32_t who, uint32_t name)
{
	struct row_key key = { .who = who, .name = name };
	struct sums_row *row;
	uint32_t number;
	bool is_new;

	if (!who)
		return &tables.sums[INDEX(name, CALL_NAMES)];
	number = entry_number(&row_numbers, &key, &tables.n_rows, CALL_ROWS, &tables.totals.full,
			      &is_new);
	if (!number)
		return NULL;
	row = &tables.rows[INDEX(number, CALL_ROWS)];
	if (is_new) {
		row->who = who;
		__sync_fetch_and_add(&row->name, name);
	}
	return &row->sums;
}

#endif
