// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages 201 about, 202 config, 240 state and 245 log: what the program has said into its
 * ring, before anybody looked or since. Their figures are lines, not sums: the page has
 * one block, of what the ring holds now.
 */
#include "pages/app.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "model/ring_kind.h"

_Static_assert(WORDS_TICKET - WORDS_LANE == SAID_TICKET - SAID_LANE &&
		       WORDS_TIME_NS - WORDS_LANE == SAID_TIME_NS - SAID_LANE &&
		       WORDS_KIND - WORDS_LANE == SAID_KIND - SAID_LANE &&
		       WORDS_LEVEL - WORDS_LANE == SAID_LEVEL - SAID_LANE &&
		       WORDS_CUT - WORDS_LANE == SAID_CUT - SAID_LANE &&
		       WORDS_TEXT1 - WORDS_LANE == SAID_TEXT1 - SAID_LANE &&
		       WORDS_FIELDS - WORDS_LANE == SAID_FIELDS - SAID_LANE,
	       "the fields of words from LANE on are those of said");

static const char *const levels[] = { "emergency", "alert",  "critical", "error",
				      "warning",   "notice", "info",     "debug" };

static int by_ticket(const void *a, const void *b)
{
	int64_t x = record_now(*(const struct record *const *)a, SAID_TICKET);
	int64_t y = record_now(*(const struct record *const *)b, SAID_TICKET);

	return x < y ? -1 : x > y;
}

/* The lines of a lane, oldest first; to be freed. *n: how many. */
static const struct record **lines_of(const struct state *s, enum ring_lane lane, int *n)
{
	size_t all;
	const struct record **lines = state_list(s, LINE_SAID, &all);

	*n = 0;
	for (size_t i = 0; i < all; i++) {
		if (record_now(lines[i], SAID_LANE) == lane)
			lines[(*n)++] = lines[i];
	}
	if (lines)
		qsort(lines, (size_t)*n, sizeof(const struct record *), by_ticket);
	return lines;
}

static void begin(const struct state *s, struct table *t, const struct column *columns, int n,
		  const char *empty)
{
	const struct record *ring = state_first(s, LINE_RING);

	table_begin(t, columns, n);
	t->by_interval = t->by_total = -1;
	t->empty = empty;
	if (!ring)
		table_note(t, "the program has no ring yet: it has just been started, or it runs "
			      "without teletap.h");
	if (record_now(ring, RING_ENDED) == 2)
		table_note(t, "read from the ring's file, whether the process still runs or not");
	if (record_now(ring, RING_ENDED) == 1)
		table_note(t, "the process has ended: these are the lines of the last look");
	if (record_now(ring, RING_TORN))
		table_note(t, "lines of the ring that were damaged, and are not here: %" PRId64,
			   record_now(ring, RING_TORN));
	if (record_now(ring, RING_LOST))
		table_note(t, "lines that found no place in the ring, ever: %" PRId64,
			   record_now(ring, RING_LOST));
}

/* A text of the ring, the last one of its line; "..." says that there was more. */
static const char *said_at(struct table *t, const struct record *r, int first, int text)
{
	const char *words = record_text(r, first + SAID_TEXT1 + text);

	return record_now(r, first + SAID_CUT) ? table_text(t, "%s...", words) : words;
}

static const char *said(struct table *t, const struct record *r, int text, bool is_last)
{
	return is_last ? said_at(t, r, SAID_LANE, text) : record_text(r, SAID_TEXT1 + text);
}

/* ---- 245 log ---- */

enum { LOG_TIME, LOG_PID, LOG_TID, LOG_LEVEL, LOG_HANDLED, LOG_CUT, LOG_TEXT, LOG_COLUMNS };

static const struct column log_columns[LOG_COLUMNS] = {
	[LOG_TIME] = { "time", "time", 12, UNIT_TIME, BLOCK_INTERVAL },
	[LOG_PID] = { "pid", "", 0, UNIT_NUMBER, BLOCK_NONE },
	[LOG_TID] = { "tid", "", 0, UNIT_NUMBER, BLOCK_NONE },
	[LOG_LEVEL] = { "level", "level", 10, UNIT_TEXT, BLOCK_INTERVAL },
	[LOG_HANDLED] = { "handled", "", 0, UNIT_BOOL, BLOCK_NONE },
	[LOG_CUT] = { "cut", "", 0, UNIT_BOOL, BLOCK_NONE },
	[LOG_TEXT] = { "text", "text", 0, UNIT_TEXT, BLOCK_INTERVAL },
};

const char *ring_text(struct table *t, const struct record *r, int first)
{
	const char *a = record_text(r, first + SAID_TEXT1), *b = record_text(r, first + SAID_TEXT2);

	switch (record_now(r, first + SAID_KIND)) {
	case RING_KIND_ERROR:
		return table_text(t, "%s: %s", a, said_at(t, r, first, 1));
	case RING_KIND_START:
		return table_text(t, "started: version %s, commit %s, build %s", a, b,
				  said_at(t, r, first, 2));
	case RING_KIND_STOP:
		return table_text(t, "stopping: %s", said_at(t, r, first, 0));
	case RING_KIND_CONFIG:
		return table_text(t, "%s = %s", a, said_at(t, r, first, 1));
	case RING_KIND_STATE:
		return table_text(t, "%s%s%s: %s", a, *b ? ", " : "", b, said_at(t, r, first, 2));
	default:
		return said_at(t, r, first, 0);
	}
}

const char *ring_level(const struct record *r, int first)
{
	static const char *const parts[] = { "input", "step", "result" };
	int64_t level = record_now(r, first + SAID_LEVEL);

	switch (record_now(r, first + SAID_KIND)) {
	case RING_KIND_ERROR:
		return level ? "handled" : "unhandled";
	case RING_KIND_START:
		return "start";
	case RING_KIND_STOP:
		return "stop";
	case RING_KIND_CONFIG:
		return "config";
	case RING_KIND_STATE:
		return level >= 0 && level < 3 ? parts[level] : "?";
	default:
		return level >= 0 && level < 8 ? levels[level] : "?";
	}
}

void page_log_fill(const struct state *s, struct table *t)
{
	const struct record **lines;
	int n;

	begin(s, t, log_columns, LOG_COLUMNS, "no lines");
	lines = lines_of(s, RING_LOG, &n);
	for (int i = 0; lines && i < n; i++) {
		const struct record *r = lines[i];
		struct cell *c = table_row(t);

		if (!c)
			break;
		c[LOG_TIME].number = record_now(r, SAID_TIME_NS);
		c[LOG_PID].number = record_now(r, SAID_PID);
		c[LOG_TID].number = record_now(r, SAID_TID);
		c[LOG_LEVEL].unknown = c[LOG_TEXT].unknown = false;
		c[LOG_LEVEL].text = ring_level(r, SAID_LANE);
		c[LOG_HANDLED].unknown = record_now(r, SAID_KIND) != RING_KIND_ERROR;
		c[LOG_HANDLED].number = record_now(r, SAID_LEVEL) != 0;
		c[LOG_CUT].number = record_now(r, SAID_CUT) != 0;
		c[LOG_TEXT].text = ring_text(t, r, SAID_LANE);
	}
	if (n && record_now(lines[0], SAID_TICKET) > 0)
		table_note(t, "earlier lines that the ring has forgotten: %" PRId64,
			   record_now(lines[0], SAID_TICKET));
	free(lines);
}

/* ---- 202 config ---- */

enum { CONFIG_TIME, CONFIG_KEY, CONFIG_VALUE, CONFIG_COLUMNS };

static const struct column config_columns[CONFIG_COLUMNS] = {
	[CONFIG_TIME] = { "time", "set at", 12, UNIT_TIME, BLOCK_INTERVAL },
	[CONFIG_KEY] = { "key", "key", 26, UNIT_TEXT, BLOCK_INTERVAL },
	[CONFIG_VALUE] = { "value", "value", 0, UNIT_TEXT, BLOCK_INTERVAL },
};

static int by_key(const void *a, const void *b)
{
	int order = strcmp(record_text(*(const struct record *const *)a, SAID_TEXT1),
			   record_text(*(const struct record *const *)b, SAID_TEXT1));

	return order ? order : by_ticket(a, b);
}

/* Keeps of each key's lines the latest; returns how many. There may be 100,000. */
static int keep_latest(const struct record **lines, int n)
{
	int kept = 0;

	for (int i = 0; i < n; i++) {
		if (record_now(lines[i], SAID_KIND) == RING_KIND_CONFIG)
			lines[kept++] = lines[i];
	}
	n = kept;
	kept = 0;
	qsort(lines, (size_t)n, sizeof(*lines), by_key);
	for (int i = 0; i < n; i++) {
		if (i == n - 1 || strcmp(record_text(lines[i], SAID_TEXT1),
					 record_text(lines[i + 1], SAID_TEXT1)) != 0)
			lines[kept++] = lines[i];
	}
	qsort(lines, (size_t)kept, sizeof(*lines), by_ticket);
	return kept;
}

void page_config_fill(const struct state *s, struct table *t)
{
	const struct record **lines;
	int64_t forgotten;
	int n;

	begin(s, t, config_columns, CONFIG_COLUMNS, "nothing was announced");
	lines = lines_of(s, RING_ABOUT, &n);
	forgotten = n ? record_now(lines[0], SAID_TICKET) : 0;
	n = keep_latest(lines, n);
	for (int i = 0; lines && i < n; i++) {
		struct cell *c = table_row(t);

		if (!c)
			break;
		c[CONFIG_TIME].number = record_now(lines[i], SAID_TIME_NS);
		c[CONFIG_KEY].unknown = c[CONFIG_VALUE].unknown = false;
		c[CONFIG_KEY].text = record_text(lines[i], SAID_TEXT1);
		c[CONFIG_VALUE].text = said(t, lines[i], 1, true);
	}
	if (forgotten > 0)
		table_note(t, "earlier lines that the ring has forgotten: %" PRId64, forgotten);
	free(lines);
}

/* ---- 201 about ---- */

enum { ABOUT_WHAT, ABOUT_TIME, ABOUT_VALUE, ABOUT_COLUMNS };

static const struct column about_columns[ABOUT_COLUMNS] = {
	[ABOUT_WHAT] = { "what", "what", 14, UNIT_TEXT, BLOCK_INTERVAL },
	[ABOUT_TIME] = { "time", "time", 12, UNIT_TIME, BLOCK_INTERVAL },
	[ABOUT_VALUE] = { "value", "value", 0, UNIT_TEXT, BLOCK_INTERVAL },
};

static void about_row(struct table *t, const char *what, const char *value, int64_t time_ns)
{
	struct cell *c = table_row(t);

	if (!c)
		return;
	c[ABOUT_WHAT].unknown = c[ABOUT_VALUE].unknown = false;
	c[ABOUT_WHAT].text = what;
	c[ABOUT_VALUE].text = value;
	c[ABOUT_TIME].unknown = !time_ns;
	c[ABOUT_TIME].number = time_ns;
}

static const char *earlier_run(struct table *t, const struct record *r)
{
	const char *version = record_text(r, RUN_VERSION), *text = record_text(r, RUN_TEXT1);
	const char *more = record_text(r, RUN_TEXT2);
	const char *who = table_text(t, "process %" PRId64 "%s%s", record_now(r, RUN_PID),
				     *version ? ", version " : "", version);

	if (record_now(r, RUN_STOPPED))
		return table_text(t, "%s: %s", who, text);
	return table_text(t, "%s: not announced; last line: %s%s%s", who, text, *more ? ": " : "",
			  more);
}

void page_about_fill(const struct state *s, struct table *t)
{
	const struct record **lines, *ring, *r;
	size_t at = 0;
	int n;

	begin(s, t, about_columns, ABOUT_COLUMNS, "nothing is known");
	ring = state_first(s, LINE_RING);
	if (ring)
		about_row(t, "began", table_text(t, "process %" PRId64, record_now(ring, RING_PID)),
			  record_now(ring, RING_START_NS));
	for (at = 0; (r = state_each(s, LINE_ABOUT, &at));)
		about_row(t, record_text(r, ABOUT_SUBJECT), record_text(r, ABOUT_TEXT), 0);
	lines = lines_of(s, RING_ABOUT, &n);
	for (int i = 0; lines && i < n; i++) {
		int64_t when = record_now(lines[i], SAID_TIME_NS);

		if (record_now(lines[i], SAID_KIND) == RING_KIND_STOP)
			about_row(t, "stop", said(t, lines[i], 0, true), when);
		if (record_now(lines[i], SAID_KIND) != RING_KIND_START)
			continue;
		about_row(t, "version", record_text(lines[i], SAID_TEXT1), when);
		about_row(t, "commit", record_text(lines[i], SAID_TEXT2), when);
		about_row(t, "build", said(t, lines[i], 2, true), when);
	}
	free(lines);
	for (at = 0; (r = state_each(s, LINE_RUN, &at));)
		about_row(t, "earlier stop", earlier_run(t, r), record_now(r, RUN_LAST_NS));
}

/* ---- 240 state ---- */

enum { STATE_TIME, STATE_CALCULATION, STATE_PART, STATE_ITEM, STATE_VALUE, STATE_COLUMNS };

static const struct column state_columns[STATE_COLUMNS] = {
	[STATE_TIME] = { "time", "time", 12, UNIT_TIME, BLOCK_INTERVAL },
	[STATE_CALCULATION] = { "calculation", "calculation", 18, UNIT_TEXT, BLOCK_INTERVAL },
	[STATE_PART] = { "part", "part", 8, UNIT_TEXT, BLOCK_INTERVAL },
	[STATE_ITEM] = { "item", "item", 18, UNIT_TEXT, BLOCK_INTERVAL },
	[STATE_VALUE] = { "value", "value", 0, UNIT_TEXT, BLOCK_INTERVAL },
};

#define RESULT 2

static int by_calculation(const void *a, const void *b)
{
	const struct record *x = *(const struct record *const *)a;
	const struct record *y = *(const struct record *const *)b;
	int order = strcmp(record_text(x, SAID_TEXT1), record_text(y, SAID_TEXT1));

	for (int field = SAID_PID; field <= SAID_TID && !order; field += SAID_TID - SAID_PID) {
		int64_t m = record_now(x, field), n = record_now(y, field);

		order = m < n ? -1 : m > n;
	}
	return order;
}

static int by_round(const void *a, const void *b)
{
	int order = by_calculation(a, b);

	return order ? order : by_ticket(a, b);
}

/*
 * Keeps of each calculation in each thread the lines of its last round: no result lies
 * between them and the last line, but the last line's own. Returns how many.
 */
static int keep_last_rounds(const struct record **lines, int n)
{
	const struct record *line, *later = NULL;
	bool over = false;
	int kept = 0;

	qsort(lines, (size_t)n, sizeof(*lines), by_round);
	for (int i = n - 1; i >= 0; i--) {
		line = lines[i];
		over = later && !by_calculation(&line, &later) &&
		       (over || record_now(line, SAID_LEVEL) == RESULT);
		if (over)
			lines[i] = NULL;
		later = line;
	}
	for (int i = 0; i < n; i++) {
		if (lines[i])
			lines[kept++] = lines[i];
	}
	qsort(lines, (size_t)kept, sizeof(*lines), by_ticket);
	return kept;
}

void page_state_fill(const struct state *s, struct table *t)
{
	static const char *const parts[] = { "input", "step", "result" };
	const struct record **lines;
	int64_t forgotten;
	int n;

	begin(s, t, state_columns, STATE_COLUMNS, "no calculation was announced");
	lines = lines_of(s, RING_STATE, &n);
	forgotten = n ? record_now(lines[0], SAID_TICKET) : 0;
	n = keep_last_rounds(lines, n);
	for (int i = 0; lines && i < n; i++) {
		int64_t part = record_now(lines[i], SAID_LEVEL);
		struct cell *c = table_row(t);

		if (!c)
			break;
		c[STATE_TIME].number = record_now(lines[i], SAID_TIME_NS);
		for (int k = STATE_CALCULATION; k <= STATE_VALUE; k++)
			c[k].unknown = false;
		c[STATE_CALCULATION].text = record_text(lines[i], SAID_TEXT1);
		c[STATE_PART].text = part >= 0 && part <= RESULT ? parts[part] : "?";
		c[STATE_ITEM].text = record_text(lines[i], SAID_TEXT2);
		c[STATE_VALUE].text = said(t, lines[i], 2, true);
	}
	if (forgotten > 0)
		table_note(t, "earlier lines that the ring has forgotten: %" PRId64, forgotten);
	free(lines);
}
