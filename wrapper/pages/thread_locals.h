/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * thread_locals: the records local of a snapshot -> the variables of frames. Pure.
 */
#ifndef TELETAP_PAGES_THREAD_LOCALS_H
#define TELETAP_PAGES_THREAD_LOCALS_H

#include "model/state.h"
#include "model/table.h"

struct thread_locals {
	const struct record **list; /* by thread, frame and number; NULL: nobody asked for them */
	size_t n;
	int64_t left;
};

/* Those of the current snapshot. To be ended. */
void thread_locals_begin(struct thread_locals *l, const struct state *s);
void thread_locals_end(struct thread_locals *l);

/* Gives the frames of a thread's stack their variables, which live as long as the table. */
void thread_locals_add(const struct thread_locals *l, struct table *t, int64_t tid,
		       struct stack *stack);

/* Adds a note on those that were left out. */
void thread_locals_note(const struct thread_locals *l, struct table *t);

#endif
