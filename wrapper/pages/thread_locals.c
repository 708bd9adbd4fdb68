// SPDX-License-Identifier: GPL-2.0-or-later
#include "pages/thread_locals.h"

#include <inttypes.h>
#include <stdlib.h>

static int by_place(const void *a, const void *b)
{
	static const int fields[] = { LOCAL_TID, LOCAL_FRAME, LOCAL_NUMBER };
	const struct record *x = *(const struct record *const *)a;
	const struct record *y = *(const struct record *const *)b;
	int d = 0;

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]) && !d; i++) {
		int64_t p = record_now(x, fields[i]), q = record_now(y, fields[i]);

		d = p < q ? -1 : p > q;
	}
	return d;
}

void thread_locals_begin(struct thread_locals *l, const struct state *s)
{
	const struct record *asked = state_first(s, LINE_LOCALS);

	*l = (struct thread_locals){ .left = record_now(asked, LOCALS_LEFT) };
	if (asked)
		l->list = state_list(s, LINE_LOCAL, &l->n);
	if (l->list)
		qsort(l->list, l->n, sizeof(*l->list), by_place);
}

void thread_locals_end(struct thread_locals *l)
{
	free(l->list);
	*l = (struct thread_locals){ 0 };
}

static size_t first_of(const struct thread_locals *l, int64_t tid)
{
	size_t low = 0, high = l->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (record_now(l->list[middle], LOCAL_TID) < tid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void thread_locals_add(const struct thread_locals *l, struct table *t, int64_t tid,
		       struct stack *stack)
{
	size_t first = l->list ? first_of(l, tid) : 0, n = 0;
	struct local *locals;

	if (!l->list || !stack)
		return;
	while (first + n < l->n && record_now(l->list[first + n], LOCAL_TID) == tid)
		n++;
	locals = table_keep(t, (n + 1) * sizeof(*locals));
	for (int i = 0; i < stack->n && locals; i++)
		stack->frames[i].locals = locals;
	for (size_t i = 0; i < n && locals; i++) {
		const struct record *r = l->list[first + i];
		int64_t frame = record_now(r, LOCAL_FRAME);

		locals[i] =
			(struct local){ record_text(r, LOCAL_NAME), record_text(r, LOCAL_VALUE) };
		if (frame < 0 || frame >= stack->n)
			continue;
		if (!stack->frames[frame].n_locals++)
			stack->frames[frame].locals = &locals[i];
	}
}

void thread_locals_note(const struct thread_locals *l, struct table *t)
{
	if (l->left)
		table_note(t, "variables, or frames of them, that are left out: %" PRId64, l->left);
}
