// SPDX-License-Identifier: GPL-2.0-or-later
#include "pages/timing_notes.h"

#include "pages/stack_frames.h"

#define STATE_SWITCHES 4 /* as in teletap_thread.stp; the others are those of stack_why */

bool timed(const struct state *s)
{
	const struct record *r = state_first(s, LINE_TIMED);

	return !r || record_now(r, TIMED_TIMED);
}

void timed_notes(const struct state *s, struct table *t, const char *verb)
{
	const struct record *r = state_first(s, LINE_TIMED);
	int64_t state = record_now(r, TIMED_STATE);
	bool asked = record_now(r, TIMED_ASKED);

	if (record_now(r, TIMED_JIT))
		table_note(t,
			   "the program's JIT is on (PYTHON_JIT): what it has compiled is not %s "
			   "any more",
			   verb);
	if (timed(s))
		return;
	if (state == STATE_SWITCHES && !asked)
		table_note(t,
			   "calls are %s when they begin, and not timed: threads go on in other "
			   "functions without leaving those they are in (greenlet, gevent, "
			   "sub-interpreters)",
			   verb);
	else if (state && state != STATE_SWITCHES)
		table_note(t,
			   "calls are %s when they %s, under the line that the marker gives, and "
			   "not timed: %s",
			   verb, asked ? "are over" : "begin", stack_why(state));
	else
		table_note(t, "calls are %s when they are over, and not timed: %s", verb,
			   asked ? "so it was asked for (--counts)"
				 : "this CPython says only when functions return");
}
