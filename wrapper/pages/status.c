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
#include "pages/status_rows.h"

/* ---- the target ---- */

/* What a page tells of a subsystem; NULL: nothing, which its row then says. */
static const struct state *told(struct status *st, const char *subsystem, const char *module,
				int page)
{
	const struct state *s = status_module(st, module);

	if (!s)
		status_unwatched(st, subsystem, page);
	else if (page_is_unknown(s))
		status_row(st, subsystem, page, UNWATCHED, "not known: its page says why");
	else
		return s;
	return NULL;
}

static void crash(struct status *st)
{
	const struct state *s = told(st, "crash", PAGE_CRASH, 247);
	const struct record *r, *last = NULL;
	size_t at = 0;

	if (!s)
		return;
	while ((r = state_each(s, LINE_CRASH, &at))) {
		if (!last || record_now(r, CRASH_ID) > record_now(last, CRASH_ID))
			last = r;
	}
	if (last) {
		status_row(st, "crash", 247, FAIL,
			   table_text(st->t, "process %" PRId64 ": %s", record_now(last, CRASH_PID),
				      crash_reason(st->t, last)));
		return;
	}
	if (state_first(s, LINE_KEPT))
		status_row(st, "crash", 247, WARN, "there is a file of an earlier one");
	else
		status_row(st, "crash", 247, OK, "none seen");
}

static void errors(struct status *st)
{
	const struct state *s = told(st, "errors", "errors", 246);
	int64_t handled = 0, unhandled = 0;
	const struct record *r;
	size_t at = 0;

	if (!s)
		return;
	while ((r = state_each(s, LINE_ERROR, &at))) {
		handled = sum_add(handled, record_delta(r, ERROR_HANDLED));
		unhandled = sum_add(unhandled, record_delta(r, ERROR_UNHANDLED));
	}
	status_row(st, "errors", 246,
		   status_worse(status_judge(st, LIMIT_ERRORS, (double)unhandled),
				status_judge(st, LIMIT_ERRORS_HANDLED, (double)handled)),
		   table_text(st->t, "%" PRId64 " not handled, %" PRId64 " handled", unhandled,
			      handled));
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
		status_unwatched(st, "log", 245);
		return;
	}
	since = seconds < 1e9 ? sum_minus(s->now.real_ns, (int64_t)(seconds * 1e9)) : INT64_MIN;
	for (at = 0; (r = state_each(s, LINE_SAID, &at));)
		n += is_bad(r, SAID_LANE, since);
	for (at = 0; crashed && (r = state_each(crashed, LINE_WORDS, &at));)
		late += is_bad(r, WORDS_LANE, since);
	n = late > n ? late : n;
	status_row(st, "log", 245, status_judge(st, LIMIT_LOG_ERRORS, (double)n),
		   table_text(st->t, "%s of level error or worse", table_count(st->t, n, "line")));
}

static void spans(struct status *st)
{
	const struct state *s = told(st, "spans", "spans", 242);
	double ended = 0, failed = 0;
	const char *slowest = "";
	const struct record *r;
	int64_t p99 = 0;
	size_t at = 0;

	if (!s)
		return;
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
		status_row(st, "spans", 242, OK, "none ended");
	else
		status_row(st, "spans", 242,
			   status_worse(status_judge(st, LIMIT_SPANS_FAILED, failed / ended),
					status_judge(st, LIMIT_SPANS_P99, (double)p99 / 1e9)),
			   table_text(st->t, "%.0f ended, %.1f %% failed, p99 %.3f s of %s", ended,
				      100 * failed / ended, (double)p99 / 1e9, slowest));
}

static void gc(struct status *st)
{
	const struct state *s = told(st, "gc", "gc", 210);
	double seconds, paused = 0;
	const struct record *r;
	int64_t longest = 0;
	size_t at = 0;

	if (!s)
		return;
	/* From memory there are no pauses to judge. */
	if (collector_find(s->collector) == COLLECT_MEMORY) {
		status_unwatched(st, "gc", 210);
		return;
	}
	while ((r = state_each(s, LINE_GC, &at))) {
		paused += (double)record_delta(r, GC_PAUSE_NS) / 1e9;
		longest = record_now(r, GC_MAX_NS) > longest ? record_now(r, GC_MAX_NS) : longest;
	}
	seconds = state_interval_s(s);
	paused = seconds > 0 ? paused / seconds : 0;
	status_row(st, "gc", 210,
		   status_worse(status_judge(st, LIMIT_GC_SHARE, paused),
				status_judge(st, LIMIT_GC_PAUSE, (double)longest / 1e9)),
		   table_text(st->t, "%.1f %% of the time, the longest pause %.1f ms", 100 * paused,
			      (double)longest / 1e6));
}

static void gil(struct status *st)
{
	const struct state *s = told(st, "gil", "gil", 232);
	double seconds, waited = 0;
	const struct record *r;
	size_t at = 0;

	if (!s)
		return;
	while ((r = state_each(s, LINE_WAITER, &at)))
		waited += (double)record_delta(r, WAITER_TOTAL_NS) / 1e9;
	seconds = state_interval_s(s);
	waited = seconds > 0 ? waited / seconds : 0;
	status_row(st, "gil", 232, status_judge(st, LIMIT_GIL_SHARE, waited),
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
		status_unwatched(st, "threads", 235);
	else
		status_row(
			st, "threads", 235, still == n ? WARN : OK,
			table_text(
				st->t,
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
	status_row(st, "pages", 200, exact ? OK : WARN,
		   table_text(st->t,
			      "lost: skipped %" PRId64 ", dropped %" PRId64 ", table full %" PRId64,
			      sum.skipped, sum.dropped, sum.table_full));
}

void page_status_fill(const struct states *all, struct table *t)
{
	struct status st = { .all = all, .t = t };
	const struct state *host;

	status_begin(&st);
	host = status_module(&st, PAGE_HOST);
	crash(&st);
	errors(&st);
	said(&st, status_module(&st, PAGE_RING), status_module(&st, PAGE_CRASH));
	spans(&st);
	gc(&st);
	gil(&st);
	threads(&st);
	if (host)
		status_host(&st, host);
	losses(&st);
	status_end(&st);
}
