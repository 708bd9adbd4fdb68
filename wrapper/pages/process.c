// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 204, process: a row for each process of the target, and one for each control group that
 * they are in, which has a block of its own in text.
 */
#include "pages/page.h"

#include <inttypes.h>

#include "model/sum.h"

/* clang-format off */
enum {
	KIND, PID, PARENT, NAME, COMMAND, STATE, AGE, USER, USER_TOTAL, SYSTEM, SYSTEM_TOTAL, SHARE,
	RSS, SWAP, MAJOR, MAJOR_TOTAL, THREADS, FILES, FILES_LIMIT, FILES_USED, CHILDREN, SCORE, ADJUST,
	WHAT, MEMORY, LIMIT, USED, LIMIT_USED, LIMIT_GROUP, HIGH, HIGH_USED, HIGH_GROUP, OOMS,
	OOMS_TOTAL, OOMS_EVER, KILLS, KILLS_TOTAL, KILLS_EVER, QUOTA, QUOTA_GROUP, PERIOD, PERIODS,
	PERIODS_TOTAL, STOPPED, STOPPED_TOTAL, STOPPED_NS, STOPPED_NS_TOTAL, STOPPED_SHARE, GROUP,
	RANK, GROUP_RANK, N_COLUMNS
};

static const struct column columns[N_COLUMNS] = {
	[KIND] = { "kind", "", 0, UNIT_TEXT, BLOCK_NONE },
	[PID] = { "pid", "process", 8, UNIT_NUMBER, BLOCK_INTERVAL },
	[PARENT] = { "parent", "", 0, UNIT_NUMBER, BLOCK_NONE },
	[NAME] = { "name", "", 0, UNIT_TEXT, BLOCK_NONE },
	[COMMAND] = { "command", "", 0, UNIT_TEXT, BLOCK_NONE },
	[STATE] = { "state", "S", 3, UNIT_TEXT, BLOCK_INTERVAL },
	[AGE] = { "age_ns", "age", 8, UNIT_NS, BLOCK_INTERVAL },
	[USER] = { "user_ns", "", 0, UNIT_NS, BLOCK_NONE },
	[USER_TOTAL] = { "user_ns_total", "", 0, UNIT_NS, BLOCK_NONE },
	[SYSTEM] = { "system_ns", "", 0, UNIT_NS, BLOCK_NONE },
	[SYSTEM_TOTAL] = { "system_ns_total", "", 0, UNIT_NS, BLOCK_NONE },
	[SHARE] = { "share", "cpu", 8, UNIT_SHARE, BLOCK_INTERVAL },
	[RSS] = { "rss", "memory", 8, UNIT_BYTES, BLOCK_INTERVAL },
	[SWAP] = { "swap", "swap", 8, UNIT_BYTES, BLOCK_INTERVAL },
	[MAJOR] = { "major_faults", "", 0, UNIT_COUNT, BLOCK_NONE },
	[MAJOR_TOTAL] = { "major_faults_total", "", 0, UNIT_COUNT, BLOCK_NONE },
	[THREADS] = { "threads", "thr", 5, UNIT_COUNT, BLOCK_INTERVAL },
	[FILES] = { "files", "files", 7, UNIT_COUNT, BLOCK_INTERVAL },
	[FILES_LIMIT] = { "files_limit", "", 0, UNIT_COUNT, BLOCK_NONE },
	[FILES_USED] = { "files_used", "used", 7, UNIT_SHARE, BLOCK_INTERVAL },
	[CHILDREN] = { "children", "", 0, UNIT_COUNT, BLOCK_NONE },
	[SCORE] = { "oom_score", "oom", 5, UNIT_NUMBER, BLOCK_INTERVAL },
	[ADJUST] = { "oom_score_adj", "", 0, UNIT_NUMBER, BLOCK_NONE },
	[WHAT] = { NULL, "command", 0, UNIT_TEXT, BLOCK_INTERVAL },
	[MEMORY] = { "memory", "memory", 9, UNIT_BYTES, BLOCK_TOTAL },
	[LIMIT] = { "limit", "limit", 9, UNIT_BYTES, BLOCK_TOTAL },
	[USED] = { "used", "used", 8, UNIT_SHARE, BLOCK_TOTAL },
	[LIMIT_USED] = { "limit_used", "", 0, UNIT_BYTES, BLOCK_NONE },
	[LIMIT_GROUP] = { "limit_cgroup", "", 0, UNIT_TEXT, BLOCK_NONE },
	[HIGH] = { "high", "", 0, UNIT_BYTES, BLOCK_NONE },
	[HIGH_USED] = { "high_used", "", 0, UNIT_BYTES, BLOCK_NONE },
	[HIGH_GROUP] = { "high_cgroup", "", 0, UNIT_TEXT, BLOCK_NONE },
	[OOMS] = { "ooms", "", 0, UNIT_COUNT, BLOCK_NONE },
	[OOMS_TOTAL] = { "ooms_total", "", 0, UNIT_COUNT, BLOCK_NONE },
	[OOMS_EVER] = { "ooms_ever", "", 0, UNIT_COUNT, BLOCK_NONE },
	[KILLS] = { "oom_kills", "", 0, UNIT_COUNT, BLOCK_NONE },
	[KILLS_TOTAL] = { "oom_kills_total", "", 0, UNIT_COUNT, BLOCK_NONE },
	[KILLS_EVER] = { "oom_kills_ever", "killed", 7, UNIT_COUNT, BLOCK_TOTAL },
	[QUOTA] = { "quota", "quota", 9, UNIT_SHARE, BLOCK_TOTAL },
	[QUOTA_GROUP] = { "quota_cgroup", "", 0, UNIT_TEXT, BLOCK_NONE },
	[PERIOD] = { "period_ns", "", 0, UNIT_NS, BLOCK_NONE },
	[PERIODS] = { "periods", "", 0, UNIT_COUNT, BLOCK_NONE },
	[PERIODS_TOTAL] = { "periods_total", "", 0, UNIT_COUNT, BLOCK_NONE },
	[STOPPED] = { "throttled", "", 0, UNIT_COUNT, BLOCK_NONE },
	[STOPPED_TOTAL] = { "throttled_total", "", 0, UNIT_COUNT, BLOCK_NONE },
	[STOPPED_NS] = { "throttled_ns", "", 0, UNIT_NS, BLOCK_NONE },
	[STOPPED_NS_TOTAL] = { "throttled_ns_total", "", 0, UNIT_NS, BLOCK_NONE },
	[STOPPED_SHARE] = { "throttled_share", "throttled", 10, UNIT_SHARE, BLOCK_TOTAL },
	[GROUP] = { "cgroup", "group", 0, UNIT_PATH, BLOCK_TOTAL },
	[RANK] = { NULL, "", 0, UNIT_NUMBER, BLOCK_NONE },
	[GROUP_RANK] = { NULL, "", 0, UNIT_NUMBER, BLOCK_NONE },
};
/* clang-format on */

#define TEXT_ROWS 50
#define NEAR_FILES 0.8
#define NEAR_MEMORY 0.9
#define NEAR_STOPPED 0.1
#define NOTED 2 /* notes of one kind */

static struct cell *new_row(struct table *t, const char *kind)
{
	struct cell *c = table_row_unknown(t, RANK);

	if (c)
		c[KIND] = (struct cell){ .text = kind };
	return c;
}

/* used of limit; unknown where one is, or there is no limit. */
static void set_used(struct cell *c, int64_t used, int64_t limit)
{
	*c = (struct cell){ .unknown = used < 0 || limit < 0 };
	if (!c->unknown)
		c->share = limit ? (double)used / (double)limit : used > 0;
}

/* A sum: in the interval, which is not known of what is gone, and since attaching. */
static void set_sum(struct cell *now, struct cell *total, const struct record *r, int field,
		    bool gone)
{
	if (!r)
		return;
	if (!gone)
		cell_set(now, record_delta(r, field));
	cell_set(total, record_total(r, field));
}

static const struct record *oom_of(const struct state *s, int64_t cgroup, int64_t kind)
{
	const struct record *r;
	size_t at = 0;

	while ((r = state_each(s, LINE_OOM, &at))) {
		if (record_now(r, OOM_CGROUP) == cgroup && record_now(r, OOM_KIND) == kind)
			return r;
	}
	return NULL;
}

static void fill_times(const struct state *s, struct cell *c, const struct record *ran, bool gone)
{
	double seconds = state_interval_s(s);

	set_sum(&c[USER], &c[USER_TOTAL], ran, RAN_USER_NS, gone);
	set_sum(&c[SYSTEM], &c[SYSTEM_TOTAL], ran, RAN_SYSTEM_NS, gone);
	set_sum(&c[MAJOR], &c[MAJOR_TOTAL], ran, RAN_MAJOR, gone);
	if (c[USER].unknown || c[SYSTEM].unknown || seconds <= 0)
		return;
	c[SHARE] = (struct cell){ .share = (double)sum_add(c[USER].number, c[SYSTEM].number) / 1e9 /
					   seconds };
}

static void fill_process(const struct state *s, struct table *t, const struct record *r, bool gone)
{
	const struct record *memory = state_find(s, LINE_RESIDENT, record_now(r, PROC_ID));
	const struct record *cgroup = state_find(s, LINE_CGROUP, record_now(r, PROC_CGROUP));
	const char *command = record_text(r, PROC_COMMAND);
	struct cell *c = new_row(t, "process");

	if (!c)
		return;
	cell_set(&c[PID], record_now(r, PROC_PID));
	cell_set(&c[PARENT], record_now(r, PROC_PARENT));
	cell_set_text(&c[NAME], record_text(r, PROC_NAME));
	cell_set_text(&c[COMMAND], command);
	cell_set_text(&c[WHAT],
		      *command ? command : table_text(t, "[%s]", record_text(r, PROC_NAME)));
	cell_set_text(&c[STATE], record_text(r, PROC_STATE));
	cell_set(&c[AGE], record_now(r, PROC_AGE_NS));
	cell_set(&c[THREADS], record_now(r, PROC_THREADS));
	cell_set(&c[CHILDREN], record_now(r, PROC_CHILDREN));
	cell_set(&c[FILES], record_now(r, PROC_FILES));
	cell_set(&c[FILES_LIMIT], record_now(r, PROC_FILES_LIMIT));
	set_used(&c[FILES_USED], record_now(r, PROC_FILES), record_now(r, PROC_FILES_LIMIT));
	cell_set(&c[SCORE], record_now(r, PROC_OOM_SCORE));
	c[ADJUST] = (struct cell){ .number = record_now(r, PROC_OOM_ADJUST),
				   .unknown = c[SCORE].unknown };
	if (memory) {
		cell_set(&c[RSS], record_now(memory, RESIDENT_RSS));
		cell_set(&c[SWAP], record_now(memory, RESIDENT_SWAP));
	}
	cell_set_text(&c[GROUP], record_text(cgroup, CGROUP_PATH));
	fill_times(s, c, state_find(s, LINE_RAN, record_now(r, PROC_ID)), gone);
	c[RANK].number = INT32_MAX - t->n_rows;
}

static void fill_throttle(struct cell *c, const struct record *r, bool gone)
{
	int64_t period = record_now(r, THROTTLE_PERIOD_NS);

	if (!r)
		return;
	set_used(&c[QUOTA], record_now(r, THROTTLE_QUOTA_NS), period > 0 ? period : -1);
	cell_set_text(&c[QUOTA_GROUP], record_text(r, THROTTLE_PATH));
	cell_set(&c[PERIOD], period);
	set_sum(&c[PERIODS], &c[PERIODS_TOTAL], r, THROTTLE_PERIODS, gone);
	set_sum(&c[STOPPED], &c[STOPPED_TOTAL], r, THROTTLE_THROTTLED, gone);
	set_sum(&c[STOPPED_NS], &c[STOPPED_NS_TOTAL], r, THROTTLE_THROTTLED_NS, gone);
	if (!c[PERIODS].unknown && !c[STOPPED].unknown)
		set_used(&c[STOPPED_SHARE], c[STOPPED].number, c[PERIODS].number);
}

static void fill_group(const struct state *s, struct table *t, const struct record *r, bool gone)
{
	const struct record *oom = oom_of(s, record_now(r, CGROUP_ID), 0);
	const struct record *kill = oom_of(s, record_now(r, CGROUP_ID), 1);
	struct cell *c = new_row(t, "cgroup");

	if (!c)
		return;
	cell_set_text(&c[GROUP], record_text(r, CGROUP_PATH));
	cell_set(&c[MEMORY], record_now(r, CGROUP_MEMORY));
	cell_set(&c[LIMIT], record_now(r, CGROUP_LIMIT));
	cell_set(&c[LIMIT_USED], record_now(r, CGROUP_LIMIT_USED));
	cell_set_text(&c[LIMIT_GROUP], record_text(r, CGROUP_LIMIT_PATH));
	set_used(&c[USED], record_now(r, CGROUP_LIMIT_USED), record_now(r, CGROUP_LIMIT));
	cell_set(&c[HIGH], record_now(r, CGROUP_HIGH));
	cell_set(&c[HIGH_USED], record_now(r, CGROUP_HIGH_USED));
	cell_set_text(&c[HIGH_GROUP], record_text(r, CGROUP_HIGH_PATH));
	if (oom)
		cell_set(&c[OOMS_EVER], record_now(oom, OOM_EVER));
	if (kill)
		cell_set(&c[KILLS_EVER], record_now(kill, OOM_EVER));
	set_sum(&c[OOMS], &c[OOMS_TOTAL], oom, OOM_COUNT, gone);
	set_sum(&c[KILLS], &c[KILLS_TOTAL], kill, OOM_COUNT, gone);
	fill_throttle(c, state_find(s, LINE_THROTTLE, record_now(r, CGROUP_THROTTLE)), gone);
	c[GROUP_RANK].number = INT32_MAX - t->n_rows;
}

static bool is_over(const struct cell *c, double share)
{
	return !c->unknown && c->share > share;
}

static void note_files(struct table *t)
{
	int n = 0;

	for (int i = 0; i < t->n_rows; i++) {
		const struct cell *c = t->cells + i * t->n_columns;

		if (is_over(&c[FILES_USED], NEAR_FILES) && n++ < NOTED)
			table_note(t,
				   "process %" PRId64 " has %" PRId64 " files open, and may have "
				   "%" PRId64 " (ulimit -n)",
				   c[PID].number, c[FILES].number, c[FILES_LIMIT].number);
	}
	if (n > NOTED)
		table_note(t, "as near to their limit of open files are %s",
			   table_count(t, n - NOTED, "more process"));
}

static void note_groups(struct table *t)
{
	int n = 0;

	for (int i = 0; i < t->n_rows && n < NOTED; i++) {
		const struct cell *c = t->cells + i * t->n_columns;

		if (!c[KILLS].unknown && c[KILLS].number && n++ < NOTED)
			table_note(t,
				   "killed by the kernel in this interval, since the memory of the "
				   "group %s ran out: %" PRId64,
				   c[GROUP].text, c[KILLS].number);
		if (is_over(&c[USED], NEAR_MEMORY) && n++ < NOTED)
			table_note(t, "the group %s uses %.0f %% of the memory it may",
				   c[LIMIT_GROUP].text, 100 * c[USED].share);
		if (is_over(&c[STOPPED_SHARE], NEAR_STOPPED) && n++ < NOTED)
			table_note(
				t,
				"the group %s was throttled in %.0f %% of the periods: its quota "
				"of processors was used up",
				c[QUOTA_GROUP].text, 100 * c[STOPPED_SHARE].share);
	}
}

static void note_unknown(const struct state *s, struct table *t)
{
	int64_t files = 0, outside = 0, unmounted = 0;
	const struct record *r;
	size_t at = 0;

	while ((r = state_each(s, LINE_PROC, &at)))
		files += record_now(r, PROC_FILES) < 0 && *record_text(r, PROC_STATE) != 'Z';
	for (at = 0; (r = state_each(s, LINE_CGROUP, &at));) {
		unmounted += record_now(r, CGROUP_STATE) == 1;
		outside += record_now(r, CGROUP_STATE) > 1;
	}
	if (files)
		table_note(
			t,
			"processes whose open files may not be read, being another user's: %" PRId64
			": run as root",
			files);
	if (unmounted)
		table_note(t, "their control groups are not known: no file system of the memory "
			      "controller is mounted here");
	if (outside)
		table_note(t,
			   "control groups that lie outside of what is mounted here, so that their "
			   "limits are not known: %" PRId64,
			   outside);
}

void page_process_fill(const struct state *s, struct table *t)
{
	const struct record *r, *gone = state_first(s, LINE_GONE);
	bool swaps = false;
	size_t at = 0;

	table_begin(t, columns, N_COLUMNS);
	t->by_interval = RANK;
	t->by_total = GROUP_RANK;
	t->text_rows = TEXT_ROWS;
	t->empty = "none is seen";
	t->second = "Control groups: what all of their processes have together:";
	while ((r = state_each(s, LINE_PROC, &at)))
		fill_process(s, t, r, gone);
	for (at = 0; (r = state_each(s, LINE_RESIDENT, &at));)
		swaps |= record_now(r, RESIDENT_SWAP) > 0;
	if (!swaps)
		t->untold |= UINT64_C(1) << SWAP;
	for (at = 0; (r = state_each(s, LINE_CGROUP, &at));)
		fill_group(s, t, r, gone);
	if (gone)
		page_note_gone(s, t, "; what it did in this interval is not known");
	note_unknown(s, t);
	note_files(t);
	note_groups(t);
}
