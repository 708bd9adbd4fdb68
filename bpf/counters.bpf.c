// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What does the application count? Page 241.
 */
#include "sums.h"

#include "extension.h"

SEC("uprobe/teletap__counter")
int app_counter(void *ctx)
{
	app_event(ctx, APP_COUNTER);
	return 0;
}

SEC("uprobe/teletap__gauge")
int app_gauge(void *ctx)
{
	app_event(ctx, APP_GAUGE);
	return 0;
}

SEC("uprobe/teletap__tally")
int app_tally(void *ctx)
{
	app_event(ctx, APP_TALLY);
	return 0;
}
