// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 200, status: one row per subsystem, from what the other pages draw from. Nothing is
 * said about what is not watched.
 */
#include "pages/page.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "model/ring_kind.h"
#include "model/sum.h"
#include "pages/app.h"
#include "pages/crash.h"
#include "pages/status_limits.h"

enum { SUBSYSTEM, VERDICT, PAGE, TEXT, LIMIT, VALUE, WARN_FROM, FAIL_FROM, N_COLUMNS };

static const struct column columns[N_COLUMNS] = {
	[SUBSYSTEM] = { "subsystem", "subsystem", 10, UNIT_TEXT, BLOCK_INTERVAL },
	[VERDICT] = { "verdict", "verdict", 8, UNIT_VERDICT, BLOCK_INTERVAL },
	[PAGE] = { "page", "page", 5, UNIT_NUMBER, BLOCK_INTERVAL },
	[TEXT] = { "text", "", 0, UNIT_TEXT, BLOCK_INTERVAL },
	[LIMIT] = { "limit", "", 0, UNIT_TEXT, BLOCK_NONE },
	[VALUE] = { "value", "", 0, UNIT_SHARE, BLOCK_NONE },
	[WARN_FROM] = { "warn_from", "", 0, UNIT_SHARE, BLOCK_NONE },
	[FAIL_FROM] = { "fail_from", "", 0, UNIT_SHARE, BLOCK_NONE },
};

enum verdict { UNWATCHED, OK, WARN, FAIL };

static const char *const verdicts[] = { NULL, "OK", "WARN", "FAIL" };

struct status {
	const struct states *all;
	struct table *t;
	enum verdict worst;
	int worst_page, watched;
	/* what the next row is judged by: the worst of its figures; -1: nothing */
	int limit;
	double value;
	enum verdict verdict;
};

static const struct state *module(const struct status *st, const char *name)
{
	for (int i = 0; i < st->all->n; i++) {
		if (!strcmp(st->all->list[i]->module, name))
			return st->all->list[i];
	}
	return NULL;
}

static const struct status_limits *limits(const struct status *st)
{
	return st->all->limits ? st->all->limits : &status_defaults;
}

static enum verdict judge(struct status *st, enum status_limit which, double value)
{
	const struct status_limits *l = limits(st);
	enum verdict v = value >= l->limits[which].fail   ? FAIL
			 : value >= l->limits[which].warn ? WARN
							  : OK;

	/* Of those that are as bad, always the same one: the first of the limits. */
	if (st->limit < 0 || v > st->verdict || (v == st->verdict && (int)which < st->limit)) {
		st->limit = which;
		st->value = value;
		st->verdict = v;
	}
	return v;
}

/* The figure that a row was judged by, and its limits. */
static void put_figure(struct status *st, struct cell *c)
{
	int which = st->limit;

	st->limit = -1;
	c[VALUE].unknown = c[WARN_FROM].unknown = c[FAIL_FROM].unknown = true;
	if (which < 0)
		return;
	c[LIMIT] = (struct cell){ .text = status_limit_names[which] };
	c[VALUE] = (struct cell){ .share = st->value };
	c[WARN_FROM].share = limits(st)->limits[which].warn;
	c[WARN_FROM].unknown = isinf(c[WARN_FROM].share);
	c[FAIL_FROM].share = limits(st)->limits[which].fail;
	c[FAIL_FROM].unknown = isinf(c[FAIL_FROM].share);
}

static enum verdict worse(enum verdict a, enum verdict b)
{
	return a > b ? a : b;
}

static void row(struct status *st, const char *subsystem, int page, enum verdict v,
		const char *text)
{
	struct cell *c = table_row(st->t);

	if (!c)
		return;
	c[SUBSYSTEM].unknown = c[TEXT].unknown = false;
	c[SUBSYSTEM].text = subsystem;
	c[VERDICT].unknown = v == UNWATCHED;
	c[VERDICT].text = verdicts[v];
	c[PAGE].number = page;
	c[TEXT].text = text;
	put_figure(st, c);
	st->watched += v != UNWATCHED;
	if (v > st->worst) {
		st->worst = v;
		st->worst_page = page;
	}
}

static void unwatched(struct status *st, const char *subsystem, int page)
{
	row(st, subsystem, page, UNWATCHED, "not watched");
}

/* ---- the host's records ---- */

static void disk(struct status *st, const struct state *s)
{
	double worst = -1, worst_inodes = -1;
	const char *where = "", *where_inodes = "";
	const struct record *r;
	size_t at = 0;

	while ((r = state_each(s, LINE_SPACE, &at))) {
		double used = (double)record_now(r, SPACE_SIZE) - (double)record_now(r, SPACE_FREE);
		double room = used + (double)record_now(r, SPACE_AVAILABLE);
		double inodes = (double)record_now(r, SPACE_INODES);

		/* One that nobody can write to is always full. */
		if (record_now(r, SPACE_READ_ONLY) > 0)
			continue;
		if (room > 0 && record_now(r, SPACE_FREE) >= 0 && used / room > worst) {
			worst = used / room;
			where = record_text(r, SPACE_PATH);
		}
		used = inodes - (double)record_now(r, SPACE_INODES_FREE);
		if (inodes > 0 && record_now(r, SPACE_INODES_FREE) >= 0 &&
		    used / inodes > worst_inodes) {
			worst_inodes = used / inodes;
			where_inodes = record_text(r, SPACE_PATH);
		}
	}
	if (worst < 0) {
		unwatched(st, "disk", 203);
		return;
	}
	if (judge(st, LIMIT_INODES_USED, worst_inodes) > judge(st, LIMIT_DISK_USED, worst)) {
		row(st, "disk", 203, judge(st, LIMIT_INODES_USED, worst_inodes),
		    table_text(st->t, "%.1f %% of the inodes used of %s", 100 * worst_inodes,
			       where_inodes));
		return;
	}
	st->limit = -1;
	row(st, "disk", 203, judge(st, LIMIT_DISK_USED, worst),
	    table_text(st->t, "%.1f %% used of %s, the fullest", 100 * worst, where));
}

static void memory(struct status *st, const struct state *s)
{
	const struct record *r = state_first(s, LINE_MEMORY);
	double total = (double)record_now(r, MEMORY_TOTAL);
	double used = total - (double)record_now(r, MEMORY_AVAILABLE);

	if (!r || total <= 0 || record_now(r, MEMORY_AVAILABLE) < 0)
		unwatched(st, "memory", 203);
	else
		row(st, "memory", 203, judge(st, LIMIT_MEMORY_USED, used / total),
		    table_text(st->t, "%.1f %% used", 100 * used / total));
}

static void pressure(struct status *st, const struct state *s)
{
	static const char *const names[] = { "the processor", "memory", "input and output" };
	const struct record *r;
	double worst = -1;
	int64_t what = 0;
	size_t at = 0;

	while ((r = state_each(s, LINE_PRESSURE, &at))) {
		double share = (double)record_now(r, PRESSURE_AVG10) / 10000;

		if (record_now(r, PRESSURE_FULL) && share > worst) {
			worst = share;
			what = record_now(r, PRESSURE_WHAT);
		}
	}
	if (worst < 0)
		unwatched(st, "pressure", 203);
	else
		row(st, "pressure", 203, judge(st, LIMIT_PRESSURE, worst),
		    table_text(st->t, "all tasks waited for %s in %.1f %% of the last 10 s",
			       names[what >= 0 && what < 3 ? what : 0], 100 * worst));
}

static void units(struct status *st, const struct state *s)
{
	const struct record *r = state_first(s, LINE_UNITS);
	int64_t n = record_now(r, UNITS_FAILED);

	if (!r || record_now(r, UNITS_ANSWER))
		unwatched(st, "units", 203);
	else
		row(st, "units", 203, judge(st, LIMIT_UNITS_FAILED, (double)n),
		    table_text(st->t, "%" PRId64 " failed%s%s", n, n ? ", such as " : "",
			       n ? record_text(state_first(s, LINE_UNIT), UNIT_NAME) : ""));
}

/* ---- the target ---- */

static void crash(struct status *st, const struct state *s)
{
	const struct record *r, *last = NULL;
	size_t at = 0;

	if (!s) {
		unwatched(st, "crash", 247);
		return;
	}
	while ((r = state_each(s, LINE_CRASH, &at))) {
		if (!last || record_now(r, CRASH_ID) > record_now(last, CRASH_ID))
			last = r;
	}
	if (last) {
		row(st, "crash", 247, FAIL,
		    table_text(st->t, "process %" PRId64 ": %s", record_now(last, CRASH_PID),
			       crash_reason(st->t, last)));
		return;
	}
	if (state_first(s, LINE_KEPT))
		row(st, "crash", 247, WARN, "there is a file of an earlier one");
	else
		row(st, "crash", 247, OK, "none seen");
}

static void errors(struct status *st, const struct state *s)
{
	int64_t handled = 0, unhandled = 0;
	const struct record *r;
	size_t at = 0;

	if (!s) {
		unwatched(st, "errors", 246);
		return;
	}
	while ((r = state_each(s, LINE_ERROR, &at))) {
		handled = sum_add(handled, record_delta(r, ERROR_HANDLED));
		unhandled = sum_add(unhandled, record_delta(r, ERROR_UNHANDLED));
	}
	row(st, "errors", 246,
	    worse(judge(st, LIMIT_ERRORS, (double)unhandled),
		  judge(st, LIMIT_ERRORS_HANDLED, (double)handled)),
	    table_text(st->t, "%" PRId64 " not handled, %" PRId64 " handled", unhandled, handled));
}

/* Whether a line is of level error or worse, and so new; first: as for ring_text. */
static bool is_bad(const struct record *r, int first, int64_t since_ns)
{
	return record_now(r, first + SAID_LANE) == RING_LOG &&
	       record_now(r, first + SAID_KIND) == RING_KIND_LOG &&
	       record_now(r, first + SAID_LEVEL) <= 3 &&
	       record_now(r, first + SAID_TIME_NS) > since_ns;
}

/*
 * Lines of the ring that came in the interval; at least one second of it. Of a process
 * that has crashed the page of the crash has the later ones.
 */
static void said(struct status *st, const struct state *s, const struct state *crashed)
{
	double seconds = s ? fmax(state_interval_s(s), 1) : 0;
	const struct record *r;
	int64_t n = 0, late = 0, since;
	size_t at = 0;

	if (!s || !state_first(s, LINE_RING)) {
		unwatched(st, "log", 245);
		return;
	}
	since = seconds < 1e9 ? sum_minus(s->now.real_ns, (int64_t)(seconds * 1e9)) : INT64_MIN;
	for (at = 0; (r = state_each(s, LINE_SAID, &at));)
		n += is_bad(r, SAID_LANE, since);
	for (at = 0; crashed && (r = state_each(crashed, LINE_WORDS, &at));)
		late += is_bad(r, WORDS_LANE, since);
	n = late > n ? late : n;
	row(st, "log", 245, judge(st, LIMIT_LOG_ERRORS, (double)n),
	    table_text(st->t, "%" PRId64 " lines of level error or worse", n));
}

static void spans(struct status *st, const struct state *s)
{
	double ended = 0, failed = 0;
	const char *slowest = "";
	const struct record *r;
	int64_t p99 = 0;
	size_t at = 0;

	if (!s) {
		unwatched(st, "spans", 242);
		return;
	}
	while ((r = state_each(s, LINE_SPAN, &at))) {
		int64_t interval[BUCKETS], slow, name = record_now(r, SPAN_OPERATION);

		ended += (double)record_delta(r, SPAN_ENDED);
		failed += (double)record_delta(r, SPAN_FAILED);
		state_buckets(s, LINE_SPANTIME, name, interval, NULL);
		slow = bucket_percentile(interval, 0.99, record_now(r, SPAN_MAX_NS));
		if (slow > p99) {
			p99 = slow;
			slowest = record_text(state_find(s, LINE_NAME, name), NAME_FUNCTION);
		}
	}
	if (ended < 1)
		row(st, "spans", 242, OK, "none ended");
	else
		row(st, "spans", 242,
		    worse(judge(st, LIMIT_SPANS_FAILED, failed / ended),
			  judge(st, LIMIT_SPANS_P99, (double)p99 / 1e9)),
		    table_text(st->t, "%.0f ended, %.1f %% failed, p99 %.3f s of %s", ended,
			       100 * failed / ended, (double)p99 / 1e9, slowest));
}

static void gc(struct status *st, const struct state *s)
{
	double seconds, paused = 0;
	const struct record *r;
	int64_t longest = 0;
	size_t at = 0;

	/* From memory there are no pauses to judge. */
	if (!s || collector_find(s->collector) == COLLECT_MEMORY) {
		unwatched(st, "gc", 210);
		return;
	}
	while ((r = state_each(s, LINE_GC, &at))) {
		paused += (double)record_delta(r, GC_PAUSE_NS) / 1e9;
		longest = record_now(r, GC_MAX_NS) > longest ? record_now(r, GC_MAX_NS) : longest;
	}
	seconds = state_interval_s(s);
	paused = seconds > 0 ? paused / seconds : 0;
	row(st, "gc", 210,
	    worse(judge(st, LIMIT_GC_SHARE, paused),
		  judge(st, LIMIT_GC_PAUSE, (double)longest / 1e9)),
	    table_text(st->t, "%.1f %% of the time, the longest pause %.1f ms", 100 * paused,
		       (double)longest / 1e6));
}

static void gil(struct status *st, const struct state *s)
{
	double seconds, waited = 0;
	const struct record *r;
	size_t at = 0;

	if (!s) {
		unwatched(st, "gil", 232);
		return;
	}
	while ((r = state_each(s, LINE_WAITER, &at)))
		waited += (double)record_delta(r, WAITER_TOTAL_NS) / 1e9;
	seconds = state_interval_s(s);
	waited = seconds > 0 ? waited / seconds : 0;
	row(st, "gil", 232, judge(st, LIMIT_GIL_SHARE, waited),
	    table_text(st->t, "threads waited for it, %.2f of them at a time", waited));
}

/*
 * Threads that do not run pass no marker. Some of them wait in any program; when none
 * runs, it is idle, or it hangs.
 */
static void threads(struct status *st)
{
	const struct record *r = NULL;
	int64_t n, still;

	for (int i = 0; i < st->all->n && !r; i++)
		r = state_first(st->all->list[i], LINE_THREADS);
	n = record_now(r, THREADS_ALL);
	still = record_now(r, THREADS_STILL);
	if (!n)
		unwatched(st, "threads", 235);
	else
		row(st, "threads", 235, still == n ? WARN : OK,
		    table_text(st->t,
			       "%s%" PRId64 " of %" PRId64
			       " have not run since attaching, or for %d s%s",
			       still == n ? "idle, or it hangs: " : "", still, n, LINE_STILL_S,
			       still ? table_text(st->t, ", one of them for %.1f s or more",
						  (double)record_now(r, THREADS_LONGEST_NS) / 1e9)
				     : ""));
}

/* What the pages themselves have lost. */
static void losses(struct status *st)
{
	struct loss sum = { 0 };
	bool exact = true;

	for (int i = 0; i < st->all->n; i++) {
		struct loss l = state_loss(st->all->list[i]);

		sum.skipped = sum_add(sum.skipped, l.skipped);
		sum.dropped = sum_add(sum.dropped, l.dropped);
		sum.table_full = sum_add(sum.table_full, l.table_full);
		exact &= page_is_exact(st->all->list[i]);
	}
	row(st, "pages", 200, exact ? OK : WARN,
	    table_text(st->t, "lost: skipped %" PRId64 ", dropped %" PRId64 ", table full %" PRId64,
		       sum.skipped, sum.dropped, sum.table_full));
}

void page_status_fill(const struct states *all, struct table *t)
{
	struct status st = { .all = all, .t = t, .limit = -1 };
	const struct state *host;

	table_begin(t, columns, N_COLUMNS);
	t->by_interval = t->by_total = -1;
	host = module(&st, PAGE_HOST);
	crash(&st, module(&st, PAGE_CRASH));
	errors(&st, module(&st, "errors"));
	said(&st, module(&st, PAGE_RING), module(&st, PAGE_CRASH));
	spans(&st, module(&st, "spans"));
	gc(&st, module(&st, "gc"));
	gil(&st, module(&st, "gil"));
	threads(&st);
	if (host) {
		disk(&st, host);
		memory(&st, host);
		pressure(&st, host);
		units(&st, host);
	}
	losses(&st);
	if (st.worst > OK)
		table_note(t, "%s: read page %d next", verdicts[st.worst], st.worst_page);
	else
		table_note(t, "all that is watched is well, %d of %d subsystems", st.watched,
			   t->n_rows);
}
