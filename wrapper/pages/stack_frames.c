// SPDX-License-Identifier: GPL-2.0-or-later
#include "pages/stack_frames.h"

#include <inttypes.h>
#include <stdio.h>

const struct stack *stack_find(const struct state *s, struct table *t, int64_t node)
{
	const struct record *nodes[STACK_DEPTH];
	struct stack *stack;
	int n = 0;

	while (node && n < STACK_DEPTH) {
		const struct record *r = state_find(s, LINE_NODE, node);

		if (!r)
			break;
		nodes[n++] = r;
		node = record_now(r, NODE_PARENT);
	}
	stack = table_stack(t, n);
	for (int i = 0; stack && i < n; i++) {
		const struct record *r = state_find(s, LINE_NAME, record_now(nodes[i], NODE_NAME));
		const struct record *executing =
			state_find(s, LINE_LINENO, record_now(nodes[i], NODE_ID));

		stack->frames[i].function = r ? record_text(r, NAME_FUNCTION) : "?";
		stack->frames[i].file = record_text(r, NAME_FILE);
		stack->frames[i].line =
			executing ? record_now(executing, LINENO_LINE) : record_now(r, NAME_LINE);
	}
	return stack;
}

struct stack *stack_steps(const struct state *s, struct table *t, int64_t step)
{
	const struct record *steps[STEPS_DEPTH];
	struct stack *stack;
	int n = 0;

	while (step && n < STEPS_DEPTH && (steps[n] = state_find(s, LINE_STEP, step)))
		step = record_now(steps[n++], STEP_PARENT);
	stack = table_stack(t, n);
	for (int i = 0; stack && i < n; i++) {
		const struct record *r =
			state_find(s, LINE_PLACE, record_now(steps[i], STEP_PLACE));

		stack->frames[i].function = r ? record_text(r, PLACE_FUNCTION) : "?";
		stack->frames[i].file = record_text(r, PLACE_FILE);
		stack->frames[i].line = r ? record_now(r, PLACE_LINE) : -1;
	}
	return stack;
}

const char *stack_why(int64_t state)
{
	static const char *const why[] = {
		[1] = "this version of CPython is not known",
		[2] = "the process describes itself otherwise than its version of CPython should",
		[3] = "it is a free-threaded build",
	};

	return state > 0 && state < (int64_t)(sizeof(why) / sizeof(why[0])) ? why[state]
									    : "it is switched off";
}

bool stack_executing(const struct state *s)
{
	return state_first(s, LINE_LINENO);
}

#define UNLOCKED 9

void stack_process_notes(const struct state *s, struct table *t)
{
	static const char *const why[] = { [2] = "the layout of its CPython is not known",
					   [3] = "its CPython describes itself otherwise than its "
						 "version should",
					   [4] = "its CPython is a free-threaded build",
					   [5] = "it runs PyPy, which is not CPython",
					   [6] = "it is a program of 32 bits",
					   [7] = "its memory may not be read" };
	const struct record *r;
	size_t at = 0;

	while ((r = state_each(s, LINE_INTERPRETER, &at))) {
		int64_t state = record_now(r, INTERPRETER_STATE),
			version = record_now(r, INTERPRETER_VERSION);
		char text[32] = "";

		if (version)
			snprintf(text, sizeof(text), " (%d.%d.%d)", (int)(version >> 24 & 255),
				 (int)(version >> 16 & 255), (int)(version >> 8 & 255));
		if (state == UNLOCKED)
			table_note(t,
				   "process %" PRId64 ": a free-threaded build of CPython%s: its "
				   "threads need no GIL, and none holds it",
				   record_now(r, INTERPRETER_PID), text);
		else if (state >= 2 && state <= 7)
			table_note(t, "process %" PRId64 ": %s%s: there are no Python stacks of it",
				   record_now(r, INTERPRETER_PID), why[state], text);
	}
}

void stack_note_unread(const struct state *s, struct table *t)
{
	const struct record *r = state_first(s, LINE_STACKS);

	if (record_delta(r, STACKS_UNREAD))
		table_note(t,
			   "%" PRId64
			   " stacks of this interval could be read in part or not at all: ? or - "
			   "stands for the rest",
			   record_delta(r, STACKS_UNREAD));
}

void stack_notes(const struct state *s, struct table *t)
{
	const struct record *r = state_first(s, LINE_STACKS);
	int64_t state = record_now(r, STACKS_STATE);

	if (state)
		table_note(t, "no Python stacks: %s", stack_why(state));
	stack_note_unread(s, t);
	if (record_delta(r, STACKS_CUT))
		table_note(t,
			   "%" PRId64 " stacks of this interval are deeper than 128 frames: ... "
			   "stands for the rest",
			   record_delta(r, STACKS_CUT));
}
