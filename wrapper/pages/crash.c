// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 247, crash: the last crash, as rows of what is known: why and where, and what had
 * been said before. Earlier ones have a row each. Where none was seen, the newest crash
 * file is shown.
 */
#include "pages/crash.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "model/ring_kind.h"
#include "model/syscalls.h"
#include "pages/app.h"
#include "pages/stack_frames.h"

enum { WHAT, TIME, VALUE, N_COLUMNS };

static const struct column columns[N_COLUMNS] = {
	[WHAT] = { "what", "what", 10, UNIT_TEXT, BLOCK_INTERVAL },
	[TIME] = { "time", "time", 12, UNIT_TIME, BLOCK_INTERVAL },
	[VALUE] = { "value", "value", 0, UNIT_TEXT, BLOCK_INTERVAL },
};

/* Linux's numbers on x86-64 and aarch64. */
static const char *const signals[] = {
	"0",    "HUP",  "INT",  "QUIT", "ILL",    "TRAP",   "ABRT",  "BUS",  "FPE",  "KILL", "USR1",
	"SEGV", "USR2", "PIPE", "ALRM", "TERM",   "STKFLT", "CHLD",  "CONT", "STOP", "TSTP", "TTIN",
	"TTOU", "URG",  "XCPU", "XFSZ", "VTALRM", "PROF",   "WINCH", "IO",   "PWR",  "SYS",
};

enum { ILL = 4, BUS = 7, FPE = 8, SEGV = 11, SYS = 31 };

#define BY_KERNEL 128 /* SI_KERNEL: the processor told the kernel no address */

static const struct {
	int signal, code;
	const char *text;
} codes[] = {
	{ SEGV, 1, "nothing is mapped there" },
	{ SEGV, 2, "it may not be used like that" },
	{ SEGV, BY_KERNEL, "a non-canonical address, or a privileged instruction" },
	{ BUS, 1, "wrong alignment" },
	{ BUS, 2, "the file mapped there has no such part any more" },
	{ BUS, 3, "hardware error" },
	{ ILL, 1, "illegal opcode" },
	{ ILL, 2, "illegal operand" },
	{ ILL, 5, "privileged opcode" },
	{ FPE, 1, "integer divided by zero" },
	{ FPE, 2, "integer overflow" },
	{ FPE, 3, "floating point number divided by zero" },
	{ FPE, 4, "floating point overflow" },
	{ FPE, 7, "invalid floating point operation" },
};

static const char *code_text(int64_t signal, int64_t code)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (codes[i].signal == signal && codes[i].code == code)
			return codes[i].text;
	}
	return NULL;
}

static const char *signal_text(struct table *t, int64_t signal)
{
	if (signal > 0 && signal < (int64_t)(sizeof(signals) / sizeof(signals[0])))
		return table_text(t, "SIG%s", signals[signal]);
	return table_text(t, "signal %" PRId64, signal);
}

/* Who has sent the signal; "" where that goes without saying. */
static const char *sender_text(struct table *t, const struct record *r)
{
	int64_t sender = record_now(r, CRASH_SENDER);

	if (record_now(r, CRASH_CODE) > 0)
		return ""; /* the kernel, for what the process did */
	if (sender == record_now(r, CRASH_PID))
		return ", sent by itself";
	if (sender > 0)
		return table_text(t, ", sent by process %" PRId64 " (%s)", sender,
				  record_text(r, CRASH_SENDER_NAME));
	return sender == 0    ? ", sent by the kernel"
	       : sender == -2 ? ", sent by the kernel, which was out of memory (OOM killer)"
			      : ", sent by somebody unknown";
}

/* Filters see the numbers of the processor's own table. */
static const char *forbidden_text(struct table *t, int64_t call)
{
	char out[CALL_NAME];

	return table_text(t, "%" PRId64 " (%s)", call, call_name(call, out));
}

const char *crash_reason(struct table *t, const struct record *r)
{
	int64_t signal = record_now(r, CRASH_SIGNAL), code = record_now(r, CRASH_CODE);
	const char *why = code_text(signal, code);

	if (signal < 0)
		return "not known: nobody was watching when it ended, if it has";
	if (!signal)
		return table_text(t, "exit status %" PRId64, record_now(r, CRASH_STATUS));
	if (code == BY_KERNEL && why)
		return table_text(t, "%s at an address not known: %s", signal_text(t, signal), why);
	if (code > 0 && signal == SYS)
		return table_text(t, "%s: a filter (seccomp) forbids the system call %s",
				  signal_text(t, signal),
				  forbidden_text(t, record_now(r, CRASH_ADDRESS)));
	if (code > 0 && (signal == SEGV || signal == BUS || signal == ILL || signal == FPE))
		return table_text(t, "%s at address 0x%" PRIx64 "%s%s", signal_text(t, signal),
				  (uint64_t)record_now(r, CRASH_ADDRESS), why ? ": " : "",
				  why ? why : "");
	return table_text(t, "%s%s", signal_text(t, signal), sender_text(t, r));
}

static void add_row(struct table *t, const char *what, int64_t time_ns, const char *value)
{
	struct cell *c = table_row(t);

	if (!c)
		return;
	c[WHAT].unknown = c[VALUE].unknown = false;
	c[WHAT].text = what;
	c[TIME].unknown = !time_ns;
	c[TIME].number = time_ns;
	c[VALUE].text = value;
}

static void add_frames(const struct state *s, struct table *t, const struct record *crash)
{
	const struct record *r;
	const struct stack *stack;
	size_t at = 0;

	while ((r = state_each(s, LINE_FRAME, &at))) {
		if (record_now(r, FRAME_ID) == record_now(crash, CRASH_ID))
			add_row(t, "frame", 0,
				table_text(t, "#%" PRId64 " %s", record_now(r, FRAME_NUMBER),
					   record_text(r, FRAME_TEXT)));
	}
	stack = stack_find(s, t, record_now(crash, CRASH_STACK));
	for (int i = 0; stack && i < stack->n; i++) {
		const struct frame *f = &stack->frames[i];

		add_row(t, "python", 0,
			*f->file ? table_text(t, "%s  %s:%" PRId64, f->function, f->file, f->line)
				 : f->function);
	}
}

static void add_spans(const struct state *s, struct table *t, const struct record *crash)
{
	const struct record *r;
	size_t at = 0;

	while ((r = state_each(s, LINE_OPEN, &at))) {
		const struct record *name = state_find(s, LINE_NAME, record_now(r, OPEN_NAME));

		if (record_now(r, OPEN_ID) != record_now(crash, CRASH_ID))
			continue;
		add_row(t, "span", 0,
			table_text(t, "%s, id %" PRId64 ", under way for %.3f s",
				   name ? record_text(name, NAME_FUNCTION) : "?",
				   record_now(r, OPEN_SPAN),
				   (double)record_now(r, OPEN_TIME_NS) / 1e9));
	}
}

static int by_ticket(const void *a, const void *b)
{
	int64_t x = record_now(*(const struct record *const *)a, WORDS_TICKET);
	int64_t y = record_now(*(const struct record *const *)b, WORDS_TICKET);

	return x < y ? -1 : x > y;
}

/* The lines of a lane; those of what the program is only where the log has forgotten it. */
static void add_words(const struct state *s, struct table *t, const struct record *crash, int lane)
{
	static const char *const whats[] = { "log", "about", "state" };
	size_t all, n = 0;
	const struct record **lines = state_list(s, LINE_WORDS, &all);

	for (size_t i = 0; i < all; i++) {
		if (record_now(lines[i], WORDS_ID) == record_now(crash, CRASH_ID) &&
		    record_now(lines[i], WORDS_LANE) == lane)
			lines[n++] = lines[i];
	}
	if (lines)
		qsort(lines, n, sizeof(const struct record *), by_ticket);
	for (size_t i = 0; i < n; i++)
		add_row(t, whats[lane], record_now(lines[i], WORDS_TIME_NS),
			table_text(t, "%-9s %s", ring_level(lines[i], WORDS_LANE),
				   ring_text(t, lines[i], WORDS_LANE)));
	free(lines);
}

/* A backtrace ends where code has not been kept, as if the stack did. */
static void add_lack(const struct state *s, struct table *t, const struct record *crash)
{
	const struct record *r;

	for (size_t at = 0; (r = state_each(s, LINE_UNMAPPED, &at));) {
		if (record_now(r, UNMAPPED_ID) == record_now(crash, CRASH_ID))
			table_note(t,
				   "mappings with code that found no place: %" PRId64
				   "; the backtrace ends where it comes to one of them",
				   record_now(r, UNMAPPED_COUNT));
	}
}

void crash_rows(const struct state *s, struct table *t, const struct record *r)
{
	const char *thread = record_text(r, CRASH_THREAD);

	table_begin(t, columns, N_COLUMNS);
	t->by_interval = t->by_total = -1;
	add_row(t, "reason", record_now(r, CRASH_REAL_NS), crash_reason(t, r));
	add_row(t, "process", 0,
		record_now(r, CRASH_PARENT)
			? table_text(t, "%" PRId64 " (%s), child of %" PRId64,
				     record_now(r, CRASH_PID), record_text(r, CRASH_NAME),
				     record_now(r, CRASH_PARENT))
			: table_text(t, "%" PRId64 " (%s)", record_now(r, CRASH_PID),
				     record_text(r, CRASH_NAME)));
	if (record_now(r, CRASH_TID))
		add_row(t, "thread", 0,
			table_text(t, "%" PRId64 " (%s)", record_now(r, CRASH_TID), thread));
	add_spans(s, t, r);
	add_frames(s, t, r);
	add_words(s, t, r, RING_STATE);
	add_words(s, t, r, RING_ABOUT);
	add_words(s, t, r, RING_LOG);
	if (record_now(r, CRASH_UNREAD))
		table_note(t, "places of its memory that were not there to be read: %" PRId64,
			   record_now(r, CRASH_UNREAD));
	add_lack(s, t, r);
}

/* The newest crash; NULL: none was seen. */
static const struct record *newest(const struct state *s)
{
	const struct record *r, *last = NULL;
	size_t at = 0;

	while ((r = state_each(s, LINE_CRASH, &at))) {
		if (!last || record_now(r, CRASH_ID) > record_now(last, CRASH_ID))
			last = r;
	}
	return last;
}

void page_crash_fill(const struct state *s, struct table *t)
{
	const struct record *last = newest(s), *r;
	size_t at = 0;

	if (last) {
		crash_rows(s, t, last);
	} else {
		table_begin(t, columns, N_COLUMNS);
		t->by_interval = t->by_total = -1;
	}
	t->empty = "no crash";
	for (at = 0; (r = state_each(s, LINE_CRASH, &at));) {
		if (r != last)
			add_row(t, "earlier", record_now(r, CRASH_REAL_NS),
				table_text(t, "process %" PRId64 " (%s): %s",
					   record_now(r, CRASH_PID), record_text(r, CRASH_NAME),
					   crash_reason(t, r)));
	}
	if (last)
		return;
	for (at = 0; (r = state_each(s, LINE_KEPT, &at));)
		add_row(t, record_text(r, KEPT_WHAT), record_now(r, KEPT_TIME_NS),
			record_text(r, KEPT_TEXT));
	if (t->n_rows)
		table_note(t, "no crash since attaching: this is the file of an earlier one");
}
