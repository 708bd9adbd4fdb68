/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gc_start: what CPython's marker of a collection's beginning says.
 */
#ifndef TELETAP_BPF_GC_START_H
#define TELETAP_BPF_GC_START_H

#include "operands.h"
#include "session.h"

/* The generation, below that number. False: not to be counted, or lost: there is no such one. */
static __always_inline bool gc_starts(void *ctx, int64_t generations, int64_t *generation)
{
	const struct site *site = site_of(ctx);

	if (!site || !watched())
		return false;
	if (!operand_read(ctx, &site->operands[0], generation) || *generation < 0 ||
	    *generation >= generations) {
		count(&tables.totals.unread);
		return false;
	}
	return true;
}

#endif
