// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How long do calls of chosen functions take? Page 221 of a CPython 3.11, whose calls can be
 * counted, and not timed.
 */
#include "call_times.h"
#include "session.h"

struct times_tables tables;

#include "returned.h"

SEC("uprobe/function__return")
int call_return(void *ctx)
{
	uint32_t name = call_returned(ctx);

	if (name)
		count(&tables.calls[INDEX(name, CALL_NAMES)]);
	return 0;
}
