// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What does the C library do with memory, and which locks were not free? Page 261.
 */
#include "sums.h"

static __always_inline void event(const struct site *site, int64_t bytes)
{
	seen(&tables.totals);
	app_take(APP_COUNTER, site->kind, 1, bytes);
}

SEC("uprobe/glibc_event")
int glibc_event(void *ctx)
{
	const struct site *site = site_of(ctx);

	if (site && watched())
		event(site, 0);
	return 0;
}

/* Of memory: its second argument is how much. */
SEC("uprobe/glibc_memory")
int glibc_memory(void *ctx)
{
	const struct site *site = site_of(ctx);
	int64_t bytes;

	if (!site || !watched())
		return 0;
	if (operand_read(ctx, &site->operands[1], &bytes))
		event(site, bytes);
	else
		count(&tables.totals.unread);
	return 0;
}
