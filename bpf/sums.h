/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sums: what applications say is added up, by name.
 */
#ifndef TELETAP_BPF_SUMS_H
#define TELETAP_BPF_SUMS_H

#include "app.h"
#define NAME_ROOM APP_NAMES
#include "names.h"
#include "operands.h"

struct app_tables tables;

/* n is 2^63 at most. Whose addition passes the largest number sees that, and nobody else. */
static __always_inline void app_add(struct app_sum *sum, uint64_t n)
{
	uint64_t old = __sync_fetch_and_add(&sum->n, n);

	if (old <= INT64_MAX && old + n > INT64_MAX)
		*(volatile uint64_t *)&sum->over = 1;
}

/* Events of a name: how many they stand for, and their value. */
static __always_inline void app_take(uint32_t kind, uint32_t number, int64_t n, int64_t value)
{
	struct app_sums *s;

	if (!number)
		return; /* counted already */
	if (number > APP_NAMES || kind >= APP_KINDS) {
		count(&tables.totals.full);
		return;
	}
	if (n < 0) { /* so many events cannot be */
		count(&tables.totals.unread);
		return;
	}
	s = &tables.sums[INDEX(kind, APP_KINDS - 1)][INDEX(number, APP_NAMES)];
	app_add(&s->count, n);
	app_add(value > 0 ? &s->up : &s->down, value > 0 ? value : -(uint64_t)value);
	*(volatile int64_t *)&s->last = value;
	if (!extend(&s->least, value, false) || !extend(&s->most, value, true))
		count(&tables.totals.unread);
	count(&s->events);
}

/* An event of the marker's first argument, a name; its second one; and its third one, or 0. */
static __always_inline void app_event(void *ctx, uint32_t kind)
{
	const struct site *site = site_of(ctx);
	struct name name = { 0 };
	int64_t text, second, third = 0;

	if (!site || !watched())
		return;
	seen(&tables.totals);
	if (!operand_read(ctx, &site->operands[0], &text) ||
	    !operand_read(ctx, &site->operands[1], &second) ||
	    (kind == APP_TALLY && !operand_read(ctx, &site->operands[2], &third))) {
		count(&tables.totals.unread);
		return;
	}
	if (!name_read(&tables.totals, name.function, sizeof(name.function), text))
		return;
	app_take(kind, name_number(&tables.totals, &tables.n_names, tables.names, &name),
		 kind == APP_TALLY ? second : 1, kind == APP_TALLY ? third : second);
}

#endif
