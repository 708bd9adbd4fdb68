// SPDX-License-Identifier: GPL-2.0-or-later
#include "pages/status_rows.h"

#include <inttypes.h>
#include <string.h>

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
		status_unwatched(st, "disk", 203);
		return;
	}
	if (status_judge(st, LIMIT_INODES_USED, worst_inodes) >
	    status_judge(st, LIMIT_DISK_USED, worst)) {
		status_row(st, "disk", 203, status_judge(st, LIMIT_INODES_USED, worst_inodes),
			   table_text(st->t, "%.1f %% of the inodes used of %s", 100 * worst_inodes,
				      where_inodes));
		return;
	}
	st->limit = -1;
	status_row(st, "disk", 203, status_judge(st, LIMIT_DISK_USED, worst),
		   table_text(st->t, "%.1f %% used of %s, the fullest", 100 * worst, where));
}

static void memory(struct status *st, const struct state *s)
{
	const struct record *r = state_first(s, LINE_MEMORY);
	double total = (double)record_now(r, MEMORY_TOTAL);
	double used = total - (double)record_now(r, MEMORY_AVAILABLE);

	if (!r || total <= 0 || record_now(r, MEMORY_AVAILABLE) < 0)
		status_unwatched(st, "memory", 203);
	else
		status_row(st, "memory", 203, status_judge(st, LIMIT_MEMORY_USED, used / total),
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
		status_unwatched(st, "pressure", 203);
	else
		status_row(st, "pressure", 203, status_judge(st, LIMIT_PRESSURE, worst),
			   table_text(st->t, "all tasks waited for %s in %.1f %% of the last 10 s",
				      names[what >= 0 && what < 3 ? what : 0], 100 * worst));
}

static void units(struct status *st, const struct state *s)
{
	const struct record *r = state_first(s, LINE_UNITS);
	int64_t n = record_now(r, UNITS_FAILED);

	if (!r || record_now(r, UNITS_ANSWER))
		status_unwatched(st, "units", 203);
	else
		status_row(st, "units", 203, status_judge(st, LIMIT_UNITS_FAILED, (double)n),
			   table_text(st->t, "%" PRId64 " failed%s%s", n, n ? ", such as " : "",
				      n ? record_text(state_first(s, LINE_UNIT), UNIT_NAME) : ""));
}

void status_host(struct status *st, const struct state *host)
{
	disk(st, host);
	memory(st, host);
	pressure(st, host);
	units(st, host);
}
