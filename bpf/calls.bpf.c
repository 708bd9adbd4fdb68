// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which functions are called most? Page 220 where calls are counted only.
 */
#include "calls.h"
#include "session.h"

struct call_tables tables;

#include "returned.h"

struct call_key {
	uint32_t who, name;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CALL_ROWS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct call_key);
	__type(value, uint32_t);
} row_numbers SEC(".maps");

static __always_inline void call_add(uint32_t name)
{
	struct call_key key = { .who = who_here(&tables.totals), .name = name };
	struct call_row *row;
	uint32_t number;
	bool is_new;

	if (!key.who) {
		count(&tables.calls[INDEX(name, CALL_NAMES)]);
		return;
	}
	number = entry_number(&row_numbers, &key, &tables.n_rows, CALL_ROWS, &tables.totals.full,
			      &is_new);
	if (!number)
		return;
	row = &tables.rows[INDEX(number, CALL_ROWS)];
	if (is_new) {
		row->who = key.who;
		__sync_fetch_and_add(&row->name, name);
	}
	count(&row->calls);
}

SEC("uprobe/function__return")
int call_return(void *ctx)
{
	uint32_t name = call_returned(ctx);

	if (name)
		call_add(name);
	return 0;
}
