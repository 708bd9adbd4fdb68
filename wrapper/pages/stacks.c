// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 223, stacks: rows of two kinds. A function's row: the samples in which it was
 * the innermost one (self), and those in which it was anywhere on the stack; with --by, of
 * one process or thread. A stack's
 * row: the samples of one thread with exactly this stack.
 */
#include "pages/stacks.h"

#include <inttypes.h>
#include <stdlib.h>

#include "model/sum.h"
#include "pages/page.h"
#include "pages/split.h"
#include "pages/stack_frames.h"

/* clang-format off */
enum {
	KIND, PID, TID, WAITING, SELF, SELF_SHARE, SELF_TOTAL, SAMPLES, SHARE, SAMPLES_TOTAL,
	SHARE_TOTAL, FUNCTION, FILE_NAME, LINE, STACK, N_COLUMNS
};
/* clang-format on */

static const struct column columns[N_COLUMNS] = {
	[KIND] = { "kind", "kind", 9, UNIT_TEXT, BLOCK_INTERVAL },
	[PID] = { "pid", "process", 8, UNIT_NUMBER, BLOCK_INTERVAL },
	[TID] = { "tid", "thread", 8, UNIT_NUMBER, BLOCK_INTERVAL },
	[WAITING] = { "waiting", "", 0, UNIT_BOOL, BLOCK_NONE },
	[SELF] = { "self", "self", 7, UNIT_COUNT, BLOCK_INTERVAL },
	[SELF_SHARE] = { "self_share", "share", 8, UNIT_SHARE, BLOCK_INTERVAL },
	[SELF_TOTAL] = { "self_total", "", 0, UNIT_COUNT, BLOCK_NONE },
	[SAMPLES] = { "samples", "all", 7, UNIT_COUNT, BLOCK_INTERVAL },
	[SHARE] = { "share", "share", 8, UNIT_SHARE, BLOCK_INTERVAL },
	[SAMPLES_TOTAL] = { "samples_total", "total", 8, UNIT_COUNT, BLOCK_INTERVAL },
	[SHARE_TOTAL] = { "share_total", "", 0, UNIT_SHARE, BLOCK_NONE },
	[FUNCTION] = { "function", "function", 0, UNIT_TEXT, BLOCK_INTERVAL },
	[FILE_NAME] = { "file", "", 0, UNIT_PATH, BLOCK_NONE },
	[LINE] = { "line", "", 0, UNIT_NUMBER, BLOCK_NONE },
	[STACK] = { "stack", "", 0, UNIT_STACK, BLOCK_INTERVAL },
};

#define TEXT_FUNCTIONS 15
#define TEXT_STACKS 5

/* A name's samples, in the interval and since attaching. */
struct tally {
	int64_t name;     /* 0: no Python stack; NAME_BEFORE: not known */
	int64_t pid, tid; /* 0: of all */
	int64_t self[2], all[2];
	size_t last; /* the sample that was counted last: a name counts once in a stack */
	bool used;
};

#define TALLIES (1 << 15)
#define NAME_BEFORE (-1)

static const char before[] = "(has not run since attaching)";

/* All of them, in a hash table, and the samples that have found no place there. */
struct tallies {
	enum by by;
	int64_t full;
	struct tally tally[TALLIES];
};

static struct tally *tally_of(struct tallies *all, int64_t name, const struct record *r)
{
	int64_t pid = all->by ? record_now(r, HIT_PID) : 0;
	int64_t tid = all->by == BY_THREAD ? record_now(r, HIT_TID) : 0;
	size_t at = ((uint64_t)name * 31 * 31 + (uint64_t)pid * 31 + (uint64_t)tid) *
			    0x9e3779b97f4a7c15u >>
		    49;

	for (int i = 0; i < 64; i++, at++) {
		struct tally *t = &all->tally[at & (TALLIES - 1)];

		if (!t->used)
			*t = (struct tally){ .used = true, .name = name, .pid = pid, .tid = tid };
		if (t->name == name && t->pid == pid && t->tid == tid)
			return t;
	}
	all->full = sum_add(all->full, record_total(r, HIT_COUNT));
	return NULL;
}

static void count(struct tally *t, const int64_t n[2], size_t sample, bool innermost)
{
	for (int i = 0; t && i < 2; i++) {
		if (innermost)
			t->self[i] = sum_add(t->self[i], n[i]);
		if (t->last != sample)
			t->all[i] = sum_add(t->all[i], n[i]);
	}
	if (t)
		t->last = sample;
}

/* Adds up all samples; sums are those of all of them. */
static void add_up(const struct state *s, struct tallies *tallies, int64_t sums[2])
{
	const struct record *r, *node;
	size_t at = 0, sample = 0;

	while ((r = state_each(s, LINE_HIT, &at))) {
		const int64_t n[2] = { record_delta(r, HIT_COUNT), record_total(r, HIT_COUNT) };
		int64_t id = record_now(r, HIT_STACK);

		sample++;
		sums[0] = sum_add(sums[0], n[0]);
		sums[1] = sum_add(sums[1], n[1]);
		if (!id)
			count(tally_of(tallies,
				       record_now(r, HIT_WAITING) == HIT_BEFORE ? NAME_BEFORE : 0,
				       r),
			      n, sample, true);
		for (int depth = 0; depth < STACK_DEPTH; depth++) {
			node = id ? state_find(s, LINE_NODE, id) : NULL;
			if (!node)
				break;
			count(tally_of(tallies, record_now(node, NODE_NAME), r), n, sample, !depth);
			id = record_now(node, NODE_PARENT);
		}
	}
}

double sampling_cost(const struct state *s)
{
	const struct record *r = state_first(s, LINE_SAMPLING);
	double seconds = state_interval_s(s);

	return seconds > 0 ? (double)record_delta(r, SAMPLING_COST_NS) / 1e9 / seconds : 0;
}

const char *stacks_nothing(const struct record *r)
{
	return record_now(r, HIT_WAITING) == HIT_BEFORE ? before : "(no Python stack)";
}

static double share(int64_t part, int64_t whole)
{
	return whole > 0 ? (double)part / (double)whole : 0;
}

static void name_row(const struct state *s, struct cell *c, int64_t name)
{
	const struct record *r = state_find(s, LINE_NAME, name);

	c[FUNCTION].text = name == NAME_BEFORE ? before
			   : !name             ? "(no Python stack)"
			   : r                 ? record_text(r, NAME_FUNCTION)
					       : "?";
	c[FILE_NAME].text = record_text(r, NAME_FILE);
	c[LINE].number = record_now(r, NAME_LINE);
	c[FUNCTION].unknown = c[FILE_NAME].unknown = false;
}

static int by_self(const void *a, const void *b)
{
	const struct tally *x = a, *y = b;

	for (int i = 0; i < 2; i++) {
		if (x->self[i] != y->self[i])
			return x->self[i] > y->self[i] ? -1 : 1;
		if (x->all[i] != y->all[i])
			return x->all[i] > y->all[i] ? -1 : 1;
	}
	if (x->name != y->name)
		return x->name < y->name ? -1 : 1;
	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return x->tid < y->tid ? -1 : x->tid > y->tid;
}

static int by_count(const void *a, const void *b)
{
	const struct record *x = *(const struct record *const *)a;
	const struct record *y = *(const struct record *const *)b;
	int64_t d = record_delta(y, HIT_COUNT) - record_delta(x, HIT_COUNT);

	if (!d)
		d = record_total(y, HIT_COUNT) - record_total(x, HIT_COUNT);
	return d < 0 ? -1 : d > 0;
}

static void function_row(const struct state *s, struct table *t, const struct tally *f,
			 const int64_t sums[2])
{
	struct cell *c = table_row(t);

	if (!c)
		return;
	c[KIND].text = "function";
	c[KIND].unknown = false;
	c[PID] = (struct cell){ .number = f->pid, .unknown = !f->pid };
	c[TID] = (struct cell){ .number = f->tid, .unknown = !f->tid };
	c[WAITING].unknown = c[STACK].unknown = true;
	c[SELF].number = f->self[0];
	c[SELF_SHARE].share = share(f->self[0], sums[0]);
	c[SELF_TOTAL].number = f->self[1];
	c[SAMPLES].number = f->all[0];
	c[SHARE].share = share(f->all[0], sums[0]);
	c[SAMPLES_TOTAL].number = f->all[1];
	c[SHARE_TOTAL].share = share(f->all[1], sums[1]);
	name_row(s, c, f->name);
}

static void stack_row(const struct state *s, struct table *t, const struct record *r,
		      const int64_t sums[2])
{
	int64_t id = record_now(r, HIT_STACK);
	const struct record *node = state_find(s, LINE_NODE, id);
	struct cell *c = table_row(t);
	bool unread;

	if (!c)
		return;
	c[KIND].text = "stack";
	c[KIND].unknown = false;
	c[PID].number = record_now(r, HIT_PID);
	c[TID].number = record_now(r, HIT_TID);
	c[WAITING].number = record_now(r, HIT_WAITING) != 0;
	c[SELF].unknown = c[SELF_SHARE].unknown = c[SELF_TOTAL].unknown = true;
	c[SAMPLES].number = record_delta(r, HIT_COUNT);
	c[SHARE].share = share(record_delta(r, HIT_COUNT), sums[0]);
	c[SAMPLES_TOTAL].number = record_total(r, HIT_COUNT);
	c[SHARE_TOTAL].share = share(record_total(r, HIT_COUNT), sums[1]);
	unread = record_now(r, HIT_WAITING) == HIT_BEFORE;
	name_row(s, c, unread ? NAME_BEFORE : record_now(node, NODE_NAME));
	c[STACK].stack = stack_find(s, t, id);
	c[STACK].unknown = unread || !c[STACK].stack;
}

/* What a reader of memory has to say for itself. */
static void sampling_notes(const struct state *s, struct table *t)
{
	const struct record *r = state_first(s, LINE_SAMPLING);
	int64_t late = record_delta(r, SAMPLING_LATE), missed = record_delta(r, SAMPLING_MISSED),
		torn = record_delta(r, SAMPLING_TORN);

	if (!r)
		return;
	table_note(t,
		   "sampled from outside, %" PRId64
		   " times a second, for %.1f %% of one processor%s",
		   record_now(r, SAMPLING_RATE), 100 * sampling_cost(s),
		   stack_executing(s) ? "; lines in stacks are the executing ones, those of "
					"functions their first ones"
				      : "");
	if (late)
		table_note(t,
			   "%" PRId64 " of %" PRId64 " turns were left out, since they came too "
			   "late: the machine is busy, or the rate too high",
			   late, record_delta(r, SAMPLING_TURNS));
	if (missed)
		table_note(t,
			   "missing: %s for time in which threads were not met, "
			   "since they ran or waited too shortly, or turns came too late",
			   table_count(t, missed, "sample"));
	if (torn)
		table_note(t,
			   "missing, counted as skipped: %s whose stack could not "
			   "be read in one piece, since the thread ran",
			   table_count(t, torn, "sample"));
}

void page_stacks_fill(const struct state *s, struct table *t)
{
	struct tallies *tallies = calloc(1, sizeof(*tallies));
	const struct tally *tally = tallies ? tallies->tally : NULL;
	const struct record **hits;
	size_t n_hits, stacks = 0;
	int64_t sums[2] = { 0 };
	int functions = 0;

	table_begin(t, columns, N_COLUMNS);
	t->untold = UINT64_C(1) << (by_of(s) == BY_PROCESS ? TID : PID);
	t->empty = "no samples";
	hits = state_list(s, LINE_HIT, &n_hits);
	if (tallies && hits) {
		tallies->by = by_of(s);
		add_up(s, tallies, sums);
		qsort(tallies->tally, TALLIES, sizeof(*tally), by_self);
		qsort(hits, n_hits, sizeof(const struct record *), by_count);
		for (; functions < TEXT_FUNCTIONS && tally[functions].all[1]; functions++)
			function_row(s, t, &tally[functions], sums);
		for (; stacks < TEXT_STACKS && stacks < n_hits; stacks++)
			stack_row(s, t, hits[stacks], sums);
		t->text_rows = functions + (int)stacks;
		for (; functions < TALLIES && tally[functions].all[1]; functions++)
			function_row(s, t, &tally[functions], sums);
		for (; stacks < n_hits; stacks++)
			stack_row(s, t, hits[stacks], sums);
	}
	if (tallies && tallies->full)
		table_note(t,
			   "more functions than the page has rows for: %" PRId64
			   " samples are missing in theirs",
			   tallies->full);
	free(hits);
	free(tallies);
	sampling_notes(s, t);
	stack_process_notes(s, t);
	stack_notes(s, t);
}
