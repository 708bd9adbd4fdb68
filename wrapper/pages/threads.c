// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 224, threads: a row for each thread. In text, threads of a process that do the same in
 * the same place are one row, with their number.
 */
#include "pages/page.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "model/syscalls.h"
#include "pages/stack_frames.h"
#include "pages/thread_locals.h"

/* clang-format off */
enum {
	PID, TID, SAME, STATE, MARK, NAME, WAITS, GIL, STACK, ORDER, N_COLUMNS
};

static const struct column columns[N_COLUMNS] = {
	[PID] = { "pid", "process", 8, UNIT_NUMBER, BLOCK_TOTAL },
	[TID] = { "tid", "thread", 8, UNIT_NUMBER, BLOCK_TOTAL },
	[SAME] = { NULL, "same", 6, UNIT_NUMBER, BLOCK_TOTAL },
	[STATE] = { "state", "state", 7, UNIT_TEXT, BLOCK_TOTAL },
	[MARK] = { NULL, "GIL", 7, UNIT_TEXT, BLOCK_TOTAL },
	[NAME] = { "name", "name", 17, UNIT_TEXT, BLOCK_TOTAL },
	[WAITS] = { "waits_for", "waits for", 0, UNIT_TEXT, BLOCK_TOTAL },
	[GIL] = { "holds_gil", "", 0, UNIT_BOOL, BLOCK_NONE },
	[STACK] = { "stack", "", 0, UNIT_STACK, BLOCK_TOTAL },
	[ORDER] = { NULL, "", 0, UNIT_NUMBER, BLOCK_NONE },
};
/* clang-format on */

#define TEXT_FRAMES 40
#define TEXT_ROWS 200

/* What a call waits for, in words. */
static const char *words_of(int64_t call)
{
	static const struct {
		const char *reason, *words;
	} all[] = { { "poll", "descriptors" },      { "sleep", "time" },
		    { "child", "a child process" }, { "read", "input" },
		    { "write", "output" },          { "disk", "a disk" },
		    { "futex", "a lock" } };
	const char *reason = call_reason(call);
	char room[CALL_NAME];

	if (!strcmp(call_name(call, room), "pause") || !strncmp(call_name(call, room), "rt_sig", 6))
		return "a signal";
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (!strcmp(reason, all[i].reason))
			return all[i].words;
	}
	return "the kernel";
}

/* NULL: it waits for nothing, or that is not known. */
static const char *wait_of(struct table *t, const struct record *r)
{
	int64_t call = record_now(r, THREAD_CALL), descriptor = record_now(r, THREAD_DESCRIPTOR);
	const char *channel = record_text(r, THREAD_CHANNEL);
	char room[CALL_NAME];

	switch (record_now(r, THREAD_WAIT)) {
	case WAIT_NONE:
		return NULL;
	case WAIT_GIL:
		return "the GIL";
	case WAIT_LOCK:
		return table_text(t, "a lock (%s)", call_name(call, room));
	case WAIT_PAUSE:
		return table_text(t, "time (%s)", call_name(call, room));
	case WAIT_CALL:
		if (descriptor >= 0)
			return table_text(t, "%s (%s of descriptor %" PRId64 ")", words_of(call),
					  call_name(call, room), descriptor);
		return table_text(t, "%s (%s)", words_of(call), call_name(call, room));
	default:
		return *channel && strcmp(channel, "0") != 0
			       ? table_text(t, "the kernel (%s)", channel)
			       : NULL;
	}
}

static void fill_row(const struct state *s, struct table *t, const struct thread_locals *locals,
		     const struct record *r)
{
	bool whole = record_now(r, THREAD_READ) == STACK_WHOLE;
	struct stack *stack = whole ? stack_steps(s, t, record_now(r, THREAD_STEP)) : NULL;
	struct cell *c = table_row(t);
	const char *wait;

	if (!c)
		return;
	c[PID].number = record_now(r, THREAD_PID);
	c[TID].number = record_now(r, THREAD_TID);
	c[NAME] = (struct cell){ .text = record_text(r, THREAD_NAME) };
	c[STATE] = (struct cell){ .text = record_text(r, THREAD_STATE) };
	wait = wait_of(t, r);
	c[WAITS] = (struct cell){ .text = wait, .unknown = !wait };
	c[GIL] = (struct cell){ .number = record_now(r, THREAD_GIL),
				.unknown = record_now(r, THREAD_READ) == STACK_TORN };
	c[MARK] = (struct cell){ .text = c[GIL].unknown ? "?" : c[GIL].number ? "holds" : "" };
	thread_locals_add(locals, t, record_now(r, THREAD_TID), stack);
	c[STACK] = (struct cell){ .stack = stack, .unknown = !stack };
	c[SAME].number = 1;
}

/* The record and the place of its row. */
struct look {
	const struct record *r;
	int row;
};

static int by_tid(const void *a, const void *b)
{
	const struct look *x = a, *y = b;
	int64_t d = record_now(x->r, THREAD_PID) - record_now(y->r, THREAD_PID);

	if (!d)
		d = record_now(x->r, THREAD_TID) - record_now(y->r, THREAD_TID);
	return d < 0 ? -1 : d > 0;
}

/* Those that a text page does not tell apart lie side by side. */
static int by_place(const void *a, const void *b)
{
	static const int fields[] = { THREAD_PID,  THREAD_STEP,       THREAD_READ, THREAD_WAIT,
				      THREAD_CALL, THREAD_DESCRIPTOR, THREAD_GIL,  THREAD_MORE };
	const struct look *x = a, *y = b;
	int d = 0;

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]) && !d; i++) {
		int64_t p = record_now(x->r, fields[i]), q = record_now(y->r, fields[i]);

		d = p < q ? -1 : p > q;
	}
	if (!d)
		d = strcmp(record_text(x->r, THREAD_STATE), record_text(y->r, THREAD_STATE));
	return d ? d : strcmp(record_text(x->r, THREAD_CHANNEL), record_text(y->r, THREAD_CHANNEL));
}

static int by_place_then_row(const void *a, const void *b)
{
	int d = by_place(a, b);

	return d ? d : ((const struct look *)a)->row - ((const struct look *)b)->row;
}

/*
 * The first of those that are the same stands for all of them. With variables none is the same as
 * another one.
 */
static void fold(struct table *t, struct look *looks, size_t n, bool apart)
{
	size_t first = 0;

	qsort(looks, n, sizeof(*looks), by_place_then_row);
	for (size_t i = 0; i < n; i++) {
		struct cell *c = t->cells + looks[i].row * t->n_columns;

		if (i && !apart && !by_place(&looks[first], &looks[i])) {
			c[ORDER].number = 0;
			t->cells[looks[first].row * t->n_columns + SAME].number++;
			continue;
		}
		first = i;
		c[ORDER].number = t->n_rows - looks[i].row;
	}
}

static void note(const struct state *s, struct table *t)
{
	const struct record *r = state_first(s, LINE_LOOKED);

	if (record_now(r, LOOKED_UNSEEN))
		table_note(t, "not looked at, since there are too many: %s",
			   table_count(t, record_now(r, LOOKED_UNSEEN), "more thread"));
	if (record_now(r, LOOKED_TORN))
		table_note(t,
			   "stacks that could not be read in one piece, since their threads ran "
			   "whenever they were looked at, and are not shown: %" PRId64,
			   record_now(r, LOOKED_TORN));
	if (record_now(r, LOOKED_CUT))
		table_note(
			t,
			"stacks with more than %d frames, of which the innermost ones are shown: "
			"%" PRId64,
			STEPS_DEPTH, record_now(r, LOOKED_CUT));
	stack_process_notes(s, t);
}

void page_threads_fill(const struct state *s, struct table *t)
{
	const struct record **list;
	struct thread_locals locals;
	struct look *looks;
	size_t n;

	table_begin(t, columns, N_COLUMNS);
	t->by_total = ORDER;
	t->text_rows = TEXT_ROWS;
	t->text_frames = TEXT_FRAMES;
	t->empty = "no threads: no process of the target was there";
	thread_locals_begin(&locals, s);
	list = state_list(s, LINE_THREAD, &n);
	looks = calloc(n + 1, sizeof(*looks));
	for (size_t i = 0; looks && list && i < n; i++)
		looks[i].r = list[i];
	if (looks && list) {
		qsort(looks, n, sizeof(*looks), by_tid);
		for (size_t i = 0; i < n; i++) {
			looks[i].row = t->n_rows;
			fill_row(s, t, &locals, looks[i].r);
		}
		if (t->n_rows == (int)n)
			fold(t, looks, n, locals.list);
	}
	t->second = table_text(t, "%s:", table_count(t, t->n_rows, "thread"));
	free(list);
	free(looks);
	note(s, t);
	thread_locals_note(&locals, t);
	thread_locals_end(&locals);
}
