/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stack_frames: the number of a Python stack (record node) -> its frames. Pure.
 */
#ifndef TELETAP_PAGES_STACK_FRAMES_H
#define TELETAP_PAGES_STACK_FRAMES_H

#include "model/state.h"
#include "model/table.h"

#define STACK_DEPTH 256 /* frames; one that is deeper is cut at its outer end */

/*
 * The frames of a stack, innermost first, as long as the table lives; an unknown one
 * has none. NULL: out of memory.
 */
const struct stack *stack_find(const struct state *s, struct table *t, int64_t node);

/* Likewise of a stack of records step, which is that of a moment, and deeper. */
#define STEPS_DEPTH 1024 /* as the collector memory shows */
struct stack *stack_steps(const struct state *s, struct table *t, int64_t step);

/* Why frames cannot be read, in words; state: STATE of the record stacks, not 0. */
const char *stack_why(int64_t state);

/* Whether stacks have the executing lines, and not the first ones of functions. */
bool stack_executing(const struct state *s);

/* Adds notes on processes whose CPython cannot be read. */
void stack_process_notes(const struct state *s, struct table *t);

/* Adds a note of how many stacks, or functions, could not be read. */
void stack_note_unread(const struct state *s, struct table *t);

/* Adds notes on what is missing from the stacks of a page. */
void stack_notes(const struct state *s, struct table *t);

#endif
