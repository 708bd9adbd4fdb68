// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which functions are called most, and where does the time go? Page 220, counted in the program by
 * the extension (python/), which hands over batches of sums.
 */
#include "function_sums.h"
#define NAME_ROOM CALL_NAMES
#include "names.h"
#include "operands.h"

#define NO_TIME UINT64_MAX /* both times of what has been counted only */

/* struct sum of python/native/native.h. */
struct batch_row {
	uint64_t file, function;
	int64_t line;
	struct call_sums sums;
};

/* A batch that is being added. */
struct batch {
	uint64_t address, n;
	uint32_t who, unused;
	struct batch_row row;
	struct name name;
};

#define SCRATCH struct batch
#include "scratch.h"

/* A program may say any number: one that leads to no sum is left out, which is counted. */
static __always_inline bool sum_add(uint64_t *to, uint64_t n)
{
	uint64_t old = *(volatile uint64_t *)to;

	for (int i = 0; i < EXTEND_TRIES && old <= INT64_MAX && n <= INT64_MAX - old; i++) {
		uint64_t now = __sync_val_compare_and_swap(to, old, old + n);

		if (now == old)
			return true;
		old = now;
	}
	count(&tables.totals.unread);
	return false;
}

/* Not static: so the kernel checks it once. */
__attribute__((noinline)) int row_add(uint32_t who, uint32_t name, uint64_t calls,
				      uint64_t inclusive, uint64_t exclusive)
{
	struct call_sums *to = sums_of(who, name);

	if (!to)
		return 0;
	if (inclusive == NO_TIME && exclusive == NO_TIME) {
		*(volatile uint64_t *)&tables.switches = 1;
		inclusive = exclusive = 0;
	}
	if (sum_add(&to->calls, calls) && sum_add(&to->inclusive, inclusive))
		sum_add(&to->exclusive, exclusive);
	return 0;
}

/* For bpf_loop: adds a row of the batch. 1: there is an end. */
static long row_take(uint32_t i, void *ctx)
{
	struct batch *b = *(struct batch **)ctx;
	uint32_t number;

	if (i >= b->n)
		return 1;
	if (bpf_probe_read_user(&b->row, sizeof(b->row),
				(const void *)(b->address + i * sizeof(b->row)))) {
		count(&tables.totals.unread);
		return 0;
	}
	number = name_function(&tables.totals, &tables.n_names, tables.names, &b->name, b->row.file,
			       b->row.function, b->row.line);
	if (number)
		row_add(b->who, number, b->row.sums.calls, b->row.sums.inclusive,
			b->row.sums.exclusive);
	return 0;
}

SEC("uprobe/sums")
int sums_take(void *ctx)
{
	const struct site *site = site_of(ctx);
	int64_t address, n, size, lost;
	struct batch *b;

	if (!site || !watched())
		return 0;
	seen(&tables.totals);
	if (!operand_read(ctx, &site->operands[0], &address) ||
	    !operand_read(ctx, &site->operands[1], &n) ||
	    !operand_read(ctx, &site->operands[2], &size) ||
	    !operand_read(ctx, &site->operands[3], &lost) || size != sizeof(struct batch_row)) {
		count(&tables.totals.unread);
		return 0;
	}
	__sync_fetch_and_add(&tables.totals.full,
			     (uint64_t)lost < INT32_MAX ? (uint64_t)lost : INT32_MAX);
	b = scratch_of(&tables.totals, bpf_get_current_pid_tgid());
	if (!b)
		return 0;
	b->address = address;
	b->n = n;
	b->who = who_here(&tables.totals);
	bpf_loop(BATCH_ROWS, row_take, &b, 0);
	return 0;
}
