// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 222, flow: one row per event, in order. Indented by how many functions are open
 * in the thread, as far as that differs among those shown.
 */
#include "pages/page.h"

#include <string.h>

#include "model/sum.h"
#include "pages/timing_notes.h"

/* clang-format off */
enum { TIME, DELTA, TID, TOOK, FLOW, EVENT, DEPTH, FUNCTION, LINE, FILE_NAME, N_COLUMNS };
/* clang-format on */

static const struct column columns[N_COLUMNS] = {
	[TIME] = { "time", "time", 16, UNIT_TIME, BLOCK_INTERVAL },
	[DELTA] = { "delta_ns", "delta", 9, UNIT_NS, BLOCK_INTERVAL },
	[TID] = { "tid", "thread", 8, UNIT_NUMBER, BLOCK_INTERVAL },
	[TOOK] = { "took_ns", "took", 9, UNIT_NS, BLOCK_INTERVAL },
	[FLOW] = { NULL, "flow", 0, UNIT_TEXT, BLOCK_INTERVAL },
	[EVENT] = { "event", "event", 7, UNIT_TEXT, BLOCK_NONE },
	[DEPTH] = { "depth", "depth", 6, UNIT_COUNT, BLOCK_NONE },
	[FUNCTION] = { "function", "function", 22, UNIT_TEXT, BLOCK_NONE },
	[LINE] = { "line", "line", 6, UNIT_NUMBER, BLOCK_NONE },
	[FILE_NAME] = { "file", "file", 24, UNIT_PATH, BLOCK_NONE },
};

#define INDENT_MAX 24

#define THREADS 64 /* the others have no delta, and are not indented */

struct thread {
	int64_t tid;
	int64_t at;   /* of its last event */
	int64_t base; /* the smallest depth of its events */
};

/* The thread of an event, a new one when it is not there yet; NULL: there are too many. */
static struct thread *thread_of(struct thread threads[THREADS], int64_t tid)
{
	for (int i = 0; i < THREADS; i++) {
		if (!threads[i].tid)
			threads[i] = (struct thread){ .tid = tid, .base = INT64_MAX };
		if (threads[i].tid == tid)
			return &threads[i];
	}
	return NULL;
}

static void fill_row(const struct state *s, const struct record *r, struct thread *thread,
		     struct table *t, struct cell *c)
{
	const struct record *name = state_find(s, LINE_NAME, record_now(r, FLOW_ID));
	int64_t indent = thread ? sum_minus(record_now(r, FLOW_DEPTH), thread->base) : 0;
	int64_t at = record_now(r, FLOW_MONO_NS);
	bool entry = record_now(r, FLOW_KIND) == 0;

	c[TIME].number = state_real_ns(s, at);
	c[DELTA].unknown = !thread || !thread->at;
	c[DELTA].number = c[DELTA].unknown ? 0 : sum_minus(at, thread->at);
	if (thread)
		thread->at = at;
	c[TID].number = record_now(r, FLOW_TID);
	c[DEPTH].number = record_now(r, FLOW_DEPTH);
	c[TOOK].number = record_now(r, FLOW_TOOK_NS);
	c[TOOK].unknown = record_now(r, FLOW_TOOK_NS) < 0;
	c[EVENT] = (struct cell){ .text = entry ? "entry" : "return" };
	c[FUNCTION] = (struct cell){ .text = record_text(name, NAME_FUNCTION), .unknown = !name };
	c[FILE_NAME] = (struct cell){ .text = record_text(name, NAME_FILE), .unknown = !name };
	c[LINE] = (struct cell){ .number = record_now(name, NAME_LINE), .unknown = !name };
	c[FLOW] = (struct cell){
		.text = table_text(
			t, "%*s%s %s", (int)(indent < INDENT_MAX / 2 ? 2 * indent : INDENT_MAX), "",
			entry ? "->" : "<-", name ? record_text(name, NAME_FUNCTION) : "?")
	};
}

void page_flow_fill(const struct state *s, struct table *t)
{
	struct thread threads[THREADS] = { 0 }, *thread;
	const struct record *r;
	int64_t left;
	size_t at = 0;

	table_begin(t, columns, N_COLUMNS);
	if (strstr(s->module, "_extension"))
		table_note(t, "by the markers of the program's extension");
	t->by_interval = t->by_total = -1;
	t->empty = "no calls";
	while ((r = state_each(s, LINE_FLOW, &at))) {
		thread = thread_of(threads, record_now(r, FLOW_TID));
		if (thread && record_now(r, FLOW_DEPTH) < thread->base)
			thread->base = record_now(r, FLOW_DEPTH);
	}
	at = 0;
	while ((r = state_each(s, LINE_FLOW, &at))) {
		struct cell *c = table_row(t);

		if (!c)
			return;
		fill_row(s, r, thread_of(threads, record_now(r, FLOW_TID)), t, c);
	}
	left = record_delta(state_first(s, LINE_LEFT), LEFT_COUNT);
	if (left)
		table_note(t,
			   "%lld events of the interval are left out: choose with --function and "
			   "--file, or raise --rate",
			   (long long)left);
	timed_notes(s, t, "shown");
}
