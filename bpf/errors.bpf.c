// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What goes wrong in the application, where, and does it handle it? Page 246.
 */
#include "sums.h"

#include "extension.h"

SEC("uprobe/teletap__error")
int app_error(void *ctx)
{
	const struct site *site = site_of(ctx);
	struct name name = { 0 };
	int64_t place, what, handled;

	if (!site || !watched())
		return 0;
	seen(&tables.totals);
	if (!operand_read(ctx, &site->operands[0], &place) ||
	    !operand_read(ctx, &site->operands[1], &what) ||
	    !operand_read(ctx, &site->operands[2], &handled)) {
		count(&tables.totals.unread);
		return 0;
	}
	if (name_read(&tables.totals, name.function, sizeof(name.function), what) &&
	    name_read(&tables.totals, name.file, sizeof(name.file), place))
		app_take(handled ? APP_HANDLED : APP_UNHANDLED,
			 name_number(&tables.totals, &tables.n_names, tables.names, &name), 1,
			 bpf_ktime_get_ns());
	return 0;
}
