// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 203, host: rows of several kinds: memory and swap, file systems, the fullest first,
 * failed units of systemd, the load; and pressure, which has a block of its own in text.
 */
#include "model/sum.h"
#include "pages/page.h"

#include <inttypes.h>

/* clang-format off */
enum {
	KIND, WHAT, NAME, DEVICE, TYPE, READ_ONLY, SIZE, FREE, AVAILABLE, USED, INODES, INODES_FREE,
	INODES_USED, FULL, STALLED, STALLED_TOTAL, SHARE, AVG10, AVG60, AVG300, LOAD1, LOAD5, LOAD15,
	CPUS, RUNNABLE, TASKS, UPTIME, FAILED, SHOWN_MOUNTS, WAITING, WITHOUT, AGAIN, MORE, ACTIVE,
	SUB, TEXT, WHERE, ON, RANK, PRESSURE_RANK, N_COLUMNS
};

static const struct column columns[N_COLUMNS] = {
	[KIND] = { "kind", "", 0, UNIT_TEXT, BLOCK_NONE },
	[NAME] = { "name", "", 0, UNIT_TEXT, BLOCK_NONE },
	[DEVICE] = { "device", "", 0, UNIT_TEXT, BLOCK_NONE },
	[TYPE] = { "type", "", 0, UNIT_TEXT, BLOCK_NONE },
	[READ_ONLY] = { "read_only", "", 0, UNIT_BOOL, BLOCK_NONE },
	[WHAT] = { NULL, "what", 8, UNIT_TEXT, BLOCK_INTERVAL },
	[SIZE] = { "size", "size", 10, UNIT_BYTES, BLOCK_INTERVAL },
	[FREE] = { "free", "", 0, UNIT_BYTES, BLOCK_NONE },
	[AVAILABLE] = { "available", "free", 10, UNIT_BYTES, BLOCK_INTERVAL },
	[USED] = { "used", "used", 8, UNIT_SHARE, BLOCK_INTERVAL },
	[INODES] = { "inodes", "", 0, UNIT_NUMBER, BLOCK_NONE },
	[INODES_FREE] = { "inodes_free", "", 0, UNIT_NUMBER, BLOCK_NONE },
	[INODES_USED] = { "inodes_used", "inodes", 8, UNIT_SHARE, BLOCK_INTERVAL },
	[FULL] = { "full", "", 0, UNIT_BOOL, BLOCK_NONE },
	[STALLED] = { "stalled_ns", "stalled", 10, UNIT_NS, BLOCK_TOTAL },
	[STALLED_TOTAL] = { "stalled_ns_total", "", 0, UNIT_NS, BLOCK_NONE },
	[SHARE] = { "share", "interval", 10, UNIT_SHARE, BLOCK_TOTAL },
	[AVG10] = { "avg10", "10 s", 8, UNIT_SHARE, BLOCK_TOTAL },
	[AVG60] = { "avg60", "60 s", 8, UNIT_SHARE, BLOCK_TOTAL },
	[AVG300] = { "avg300", "5 min", 8, UNIT_SHARE, BLOCK_TOTAL },
	[LOAD1] = { "load1", "", 0, UNIT_SHARE, BLOCK_NONE },
	[LOAD5] = { "load5", "", 0, UNIT_SHARE, BLOCK_NONE },
	[LOAD15] = { "load15", "", 0, UNIT_SHARE, BLOCK_NONE },
	[CPUS] = { "processors", "", 0, UNIT_NUMBER, BLOCK_NONE },
	[RUNNABLE] = { "runnable", "", 0, UNIT_NUMBER, BLOCK_NONE },
	[TASKS] = { "tasks", "", 0, UNIT_NUMBER, BLOCK_NONE },
	[UPTIME] = { "uptime_ns", "", 0, UNIT_NS, BLOCK_NONE },
	[FAILED] = { "failed", "", 0, UNIT_NUMBER, BLOCK_NONE },
	[SHOWN_MOUNTS] = { "shown", "", 0, UNIT_NUMBER, BLOCK_NONE },
	[WAITING] = { "not_asked", "", 0, UNIT_NUMBER, BLOCK_NONE },
	[WITHOUT] = { "without_space", "", 0, UNIT_NUMBER, BLOCK_NONE },
	[AGAIN] = { "again", "", 0, UNIT_NUMBER, BLOCK_NONE },
	[MORE] = { "more", "", 0, UNIT_NUMBER, BLOCK_NONE },
	[ACTIVE] = { "active", "", 0, UNIT_TEXT, BLOCK_NONE },
	[SUB] = { "sub", "", 0, UNIT_TEXT, BLOCK_NONE },
	[TEXT] = { "text", "", 0, UNIT_TEXT, BLOCK_NONE },
	[WHERE] = { NULL, "where", 0, UNIT_TEXT, BLOCK_INTERVAL },
	[ON] = { NULL, "on", 0, UNIT_TEXT, BLOCK_TOTAL },
	[RANK] = { NULL, "", 0, UNIT_NUMBER, BLOCK_NONE },
	[PRESSURE_RANK] = { NULL, "", 0, UNIT_NUMBER, BLOCK_NONE },
};
/* clang-format on */

/* The groups of a text page's first block, the lowest last; below: by how full it is. */
#define GROUP 100000
enum { GROUP_NONE, GROUP_UNIT, GROUP_SPACE, GROUP_SWAP, GROUP_MEMORY };

static struct cell *new_row(struct table *t, const char *kind, int64_t rank)
{
	struct cell *c = table_row(t);

	for (int i = 0; c && i < RANK; i++)
		c[i].unknown = true;
	if (!c)
		return NULL;
	c[KIND] = c[WHAT] = (struct cell){ .text = kind };
	c[RANK].number = rank;
	return c;
}

static void set(struct cell *c, int64_t number)
{
	*c = (struct cell){ .number = number, .unknown = number < 0 };
}

static void set_text(struct cell *c, const char *text)
{
	*c = (struct cell){ .text = text };
}

/* Of so much, so much is used. */
static void set_used(struct cell *c, int64_t used, int64_t of)
{
	*c = (struct cell){ .unknown = used < 0 || of <= 0 };
	if (!c->unknown)
		c->share = used > of ? 1 : (double)used / (double)of;
}

/* Of hundredths, or with unit 10000 of hundredths of a percent. */
static void set_part(struct cell *c, int64_t n, double unit)
{
	*c = (struct cell){ .unknown = n < 0 };
	if (n >= 0)
		c->share = (double)n / unit;
}

static void fill_space(struct table *t, const struct record *r)
{
	int64_t size = record_now(r, SPACE_SIZE), free = record_now(r, SPACE_FREE);
	int64_t available = record_now(r, SPACE_AVAILABLE), inodes = record_now(r, SPACE_INODES);
	struct cell *c = new_row(t, "space", 0);
	struct cell used;

	if (!c)
		return;
	/* As df has it: what is kept for root is not there for others. */
	set_used(&used, size - free, size - free + available);
	c[USED] = used;
	set_text(&c[WHAT], "disk");
	set_text(&c[NAME], record_text(r, SPACE_PATH));
	set_text(&c[DEVICE], record_text(r, SPACE_DEVICE));
	set_text(&c[TYPE], record_text(r, SPACE_TYPE));
	set(&c[READ_ONLY], record_now(r, SPACE_READ_ONLY));
	set(&c[SIZE], size);
	set(&c[FREE], free);
	set(&c[AVAILABLE], available);
	set(&c[INODES], inodes);
	set(&c[INODES_FREE], record_now(r, SPACE_INODES_FREE));
	set_used(&c[INODES_USED], inodes - record_now(r, SPACE_INODES_FREE), inodes);
	set_text(&c[WHERE], table_text(t, "%s  %s %s%s", record_text(r, SPACE_PATH),
				       record_text(r, SPACE_DEVICE), record_text(r, SPACE_TYPE),
				       record_now(r, SPACE_READ_ONLY) ? ", read-only" : ""));
	c[RANK].number =
		GROUP_SPACE * GROUP + 1 + (used.unknown ? 0 : (int64_t)(used.share * 9999));
}

static void fill_memory(struct table *t, const struct record *r)
{
	struct cell *c = new_row(t, "memory", GROUP_MEMORY * GROUP);

	if (c) {
		set(&c[SIZE], record_now(r, MEMORY_TOTAL));
		set(&c[FREE], record_now(r, MEMORY_FREE));
		set(&c[AVAILABLE], record_now(r, MEMORY_AVAILABLE));
		if (record_now(r, MEMORY_AVAILABLE) >= 0)
			set_used(&c[USED],
				 sum_minus(record_now(r, MEMORY_TOTAL),
					   record_now(r, MEMORY_AVAILABLE)),
				 record_now(r, MEMORY_TOTAL));
	}
	c = new_row(t, "swap", GROUP_SWAP * GROUP);
	if (c) {
		set(&c[SIZE], record_now(r, MEMORY_SWAP));
		set(&c[FREE], record_now(r, MEMORY_SWAP_FREE));
		set(&c[AVAILABLE], record_now(r, MEMORY_SWAP_FREE));
		set_used(&c[USED],
			 sum_minus(record_now(r, MEMORY_SWAP), record_now(r, MEMORY_SWAP_FREE)),
			 record_now(r, MEMORY_SWAP));
	}
}

static const struct record *pressure_of(const struct state *s, int what, int full)
{
	const struct record *r;
	size_t at = 0;

	while ((r = state_each(s, LINE_PRESSURE, &at))) {
		if (record_now(r, PRESSURE_WHAT) == what && record_now(r, PRESSURE_FULL) == full)
			return r;
	}
	return NULL;
}

/* All five, also those that the kernel does not tell: unknown. Returns how many it told. */
static int fill_pressure(const struct state *s, struct table *t)
{
	static const struct {
		const char *name, *text;
		int what, full;
	} all[] = { { "cpu", "cpu: some tasks waited", 0, 0 },
		    { "memory", "memory: some tasks waited", 1, 0 },
		    { "memory", "memory: all tasks waited", 1, 1 },
		    { "io", "input and output: some tasks waited", 2, 0 },
		    { "io", "input and output: all tasks waited", 2, 1 } };
	const int n = sizeof(all) / sizeof(all[0]);
	double seconds = state_interval_s(s);
	int told = 0;

	for (int i = 0; i < n; i++) {
		const struct record *r = pressure_of(s, all[i].what, all[i].full);
		struct cell *c = new_row(t, "pressure", GROUP_NONE);

		if (!c)
			break;
		set_text(&c[NAME], all[i].name);
		set(&c[FULL], all[i].full);
		set_text(&c[ON], all[i].text);
		c[PRESSURE_RANK].number = n - i;
		if (!r)
			continue;
		told++;
		set(&c[STALLED], record_delta(r, PRESSURE_TOTAL_NS));
		set(&c[STALLED_TOTAL], record_total(r, PRESSURE_TOTAL_NS));
		c[SHARE] = (struct cell){ .share = seconds > 0 ? (double)record_delta(
									 r, PRESSURE_TOTAL_NS) /
									 1e9 / seconds
							       : 0 };
		set_part(&c[AVG10], record_now(r, PRESSURE_AVG10), 10000);
		set_part(&c[AVG60], record_now(r, PRESSURE_AVG60), 10000);
		set_part(&c[AVG300], record_now(r, PRESSURE_AVG300), 10000);
	}
	return told;
}

static void fill_load(struct table *t, const struct record *r)
{
	struct cell *c = new_row(t, "load", GROUP_NONE);
	double days = (double)record_now(r, HOST_UPTIME_NS) / 86400e9;

	if (!c)
		return;
	set(&c[CPUS], record_now(r, HOST_PROCESSORS));
	set_part(&c[LOAD1], record_now(r, HOST_LOAD1), 100);
	set_part(&c[LOAD5], record_now(r, HOST_LOAD5), 100);
	set_part(&c[LOAD15], record_now(r, HOST_LOAD15), 100);
	set(&c[RUNNABLE], record_now(r, HOST_RUNNABLE));
	set(&c[TASKS], record_now(r, HOST_TASKS));
	set(&c[UPTIME], record_now(r, HOST_UPTIME_NS));
	if (c[LOAD1].unknown)
		table_note(t, "the load is not known");
	else
		table_note(t,
			   "load %.2f in the last minute, %.2f in 5, %.2f in 15, with %" PRId64
			   " processors; %" PRId64 " of %" PRId64 " tasks can run; up %.1f %s",
			   c[LOAD1].share, c[LOAD5].share, c[LOAD15].share, c[CPUS].number,
			   c[RUNNABLE].number, c[TASKS].number, days < 1 ? 24 * days : days,
			   days < 1 ? "hours" : "days");
}

static void fill_mounts(struct table *t, const struct record *r)
{
	struct cell *c = new_row(t, "mounts", GROUP_NONE);

	if (!c)
		return;
	set(&c[SHOWN_MOUNTS], record_now(r, MOUNTS_SHOWN));
	set(&c[WAITING], record_now(r, MOUNTS_WAITING));
	set(&c[WITHOUT], record_now(r, MOUNTS_WITHOUT));
	set(&c[AGAIN], record_now(r, MOUNTS_AGAIN));
	set(&c[MORE], record_now(r, MOUNTS_MORE));
	table_note(t,
		   "%" PRId64 " mounts are not asked for their space, being of the network or of a "
		   "program, which may not answer, or below one that is; %" PRId64 " have none",
		   record_now(r, MOUNTS_WAITING), record_now(r, MOUNTS_WITHOUT));
	if (record_now(r, MOUNTS_MORE))
		table_note(t, "%" PRId64 " more mounts are not shown", record_now(r, MOUNTS_MORE));
}

static void fill_units(const struct state *s, struct table *t, const struct record *r)
{
	struct cell *c = new_row(t, "units", GROUP_NONE);
	const struct record *unit;
	size_t at = 0;
	int64_t n = 0;

	if (c)
		set(&c[FAILED], record_now(r, UNITS_ANSWER) ? -1 : record_now(r, UNITS_FAILED));
	for (; (unit = state_each(s, LINE_UNIT, &at)); n++) {
		c = new_row(t, "unit", GROUP_UNIT * GROUP);
		if (!c)
			return;
		set_text(&c[NAME], record_text(unit, UNIT_NAME));
		set_text(&c[ACTIVE], record_text(unit, UNIT_ACTIVE));
		set_text(&c[SUB], record_text(unit, UNIT_SUB));
		set_text(&c[TEXT], record_text(unit, UNIT_DESCRIPTION));
		set_text(&c[WHERE], table_text(t, "%s %s%s%s", record_text(unit, UNIT_NAME),
					       record_text(unit, UNIT_SUB),
					       *record_text(unit, UNIT_DESCRIPTION) ? ": " : "",
					       record_text(unit, UNIT_DESCRIPTION)));
	}
	if (record_now(r, UNITS_ANSWER) == 1)
		table_note(t, "systemd does not run here: which units have failed is not known");
	else if (record_now(r, UNITS_ANSWER))
		table_note(t, "systemctl did not answer: which units have failed is not known");
	else if (record_now(r, UNITS_FAILED) > n)
		table_note(t, "%" PRId64 " units have failed; %" PRId64 " of them are shown",
			   record_now(r, UNITS_FAILED), n);
	else
		table_note(t, "%" PRId64 " units of systemd have failed", n);
}

void page_host_fill(const struct state *s, struct table *t)
{
	const struct record *r;
	size_t at = 0;

	table_begin(t, columns, N_COLUMNS);
	t->by_interval = RANK;
	t->by_total = PRESSURE_RANK;
	t->empty = "nothing is known";
	t->second = "Pressure, share of the time in which tasks waited:";
	r = state_first(s, LINE_MEMORY);
	if (r)
		fill_memory(t, r);
	while ((r = state_each(s, LINE_SPACE, &at)))
		fill_space(t, r);
	r = state_first(s, LINE_HOST);
	if (r)
		fill_load(t, r);
	if (!fill_pressure(s, t))
		table_note(t, "this kernel does not tell pressure (PSI): it is built without, or "
			      "was started with psi=0");
	r = state_first(s, LINE_UNITS);
	if (r)
		fill_units(s, t, r);
	r = state_first(s, LINE_MOUNTS);
	if (r)
		fill_mounts(t, r);
}
