// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How often does the application do what it does, how long does it take, does it fail? Page
 * 242.
 */
#include "open_spans.h"
#define NAME_ROOM SPAN_OPERATIONS
#include "extension.h"
#include "names.h"
#include "operands.h"

/* The number of the operation with this name; 0: none, which is counted. */
static __always_inline uint32_t operation_of(uint64_t text)
{
	struct name name = { 0 };

	if (!name_read(&tables.totals, name.function, sizeof(name.function), text))
		return 0;
	return name_number(&tables.totals, &tables.n_names, tables.names, &name);
}

/* Which span it is; false: that cannot be read, or has no room, which is counted. */
static __always_inline bool span_read(void *ctx, const struct site *site, struct span_key *key)
{
	int64_t text, id;

	if (!operand_read(ctx, &site->operands[0], &text) ||
	    !operand_read(ctx, &site->operands[1], &id)) {
		count(&tables.totals.unread);
		return false;
	}
	key->operation = operation_of(text);
	if (!key->operation)
		return false;
	key->id = id;
	key->pid = bpf_get_current_pid_tgid() >> 32;
	return true;
}

SEC("uprobe/teletap__span__begin")
int span_begin(void *ctx)
{
	const struct site *site = site_of(ctx);
	struct span_key key = { 0 };

	if (!site || !watched())
		return 0;
	seen(&tables.totals);
	if (span_read(ctx, site, &key))
		span_open(&key);
	return 0;
}

SEC("uprobe/teletap__span__end")
int span_end(void *ctx)
{
	uint64_t now = bpf_ktime_get_ns();
	const struct site *site = site_of(ctx);
	struct span_key key = { 0 };
	int64_t status;

	if (!site || !watched())
		return 0;
	if (!operand_read(ctx, &site->operands[2], &status)) {
		count(&tables.totals.unread);
		return 0;
	}
	if (span_read(ctx, site, &key))
		span_close(&key, now, status != 0);
	return 0;
}
