// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What does a PostgreSQL server do, how long does it take, and what does it wait for? Page 260.
 * A backend is a process of one thread, so that nothing tells its operations apart.
 */
#include "open_spans.h"
#include "operands.h"

/* The operation that a backend begins or ends; false: the backend is not watched. */
static __always_inline bool operation_of(void *ctx, struct span_key *key)
{
	const struct site *site = site_of(ctx);

	if (!site || !site->kind || !watched())
		return false;
	key->operation = site->kind;
	key->pid = bpf_get_current_pid_tgid() >> 32;
	return true;
}

static __always_inline void ended(void *ctx, bool failed)
{
	uint64_t now = bpf_ktime_get_ns();
	struct span_key key = { 0 };

	if (operation_of(ctx, &key))
		span_close(&key, now, failed);
}

SEC("uprobe/postgres_begin")
int postgres_begin(void *ctx)
{
	struct span_key key = { 0 };

	if (!operation_of(ctx, &key))
		return 0;
	seen(&tables.totals);
	span_open(&key);
	return 0;
}

SEC("uprobe/postgres_done")
int postgres_done(void *ctx)
{
	ended(ctx, false);
	return 0;
}

SEC("uprobe/postgres_abort")
int postgres_abort(void *ctx)
{
	ended(ctx, true);
	return 0;
}
