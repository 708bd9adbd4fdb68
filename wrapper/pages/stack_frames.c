// SPDX-License-Identifier: GPL-2.0-or-later
#include "pages/stack_frames.h"

#include <inttypes.h>

const struct stack *stack_find(const struct state *s, struct table *t, int64_t node)
{
	int64_t names[STACK_DEPTH];
	struct stack *stack;
	int n = 0;

	while (node && n < STACK_DEPTH) {
		const struct record *r = state_find(s, LINE_NODE, node);

		if (!r)
			break;
		names[n++] = record_now(r, NODE_NAME);
		node = record_now(r, NODE_PARENT);
	}
	stack = table_stack(t, n);
	for (int i = 0; stack && i < n; i++) {
		const struct record *r = state_find(s, LINE_NAME, names[i]);

		stack->frames[i].function = r ? record_text(r, NAME_FUNCTION) : "?";
		stack->frames[i].file = record_text(r, NAME_FILE);
		stack->frames[i].line = record_now(r, NAME_LINE);
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

void stack_notes(const struct state *s, struct table *t)
{
	const struct record *r = state_first(s, LINE_STACKS);
	int64_t state = record_now(r, STACKS_STATE);

	if (state)
		table_note(t, "no Python stacks: %s", stack_why(state));
	if (record_delta(r, STACKS_UNREAD))
		table_note(t,
			   "%" PRId64
			   " stacks of this interval could be read in part only: ? stands "
			   "for the rest",
			   record_delta(r, STACKS_UNREAD));
	if (record_delta(r, STACKS_CUT))
		table_note(t,
			   "%" PRId64 " stacks of this interval are deeper than 128 frames: ... "
			   "stands for the rest",
			   record_delta(r, STACKS_CUT));
}
