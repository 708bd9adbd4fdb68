/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * split: rows that are split by process or by thread (--by). A page that can be split
 * has a column for each of the two numbers, which are there only when they are asked for.
 */
#ifndef TELETAP_PAGES_SPLIT_H
#define TELETAP_PAGES_SPLIT_H

#include "model/state.h"
#include "model/table.h"

enum by { BY_ALL, BY_PROCESS, BY_THREAD };

/* The two columns. A text page has one of them: the thread's number is the only one. */
#define BY_PID_COLUMN                                                                              \
	{                                                                                          \
		"pid", "process", 8, UNIT_NUMBER, BLOCK_BOTH                                       \
	}
#define BY_TID_COLUMN                                                                              \
	{                                                                                          \
		"tid", "thread", 8, UNIT_NUMBER, BLOCK_BOTH                                        \
	}

/* By what the figures are split. */
enum by by_of(const struct state *s);

/*
 * Hides of these two columns those that the page does not have. After table_begin.
 */
enum by by_begin(const struct state *s, struct table *t, int pid_column, int tid_column);

/* Fills the two cells of a row: whose it is. */
void by_set(const struct state *s, struct cell *pid, struct cell *tid, int64_t who);

/*
 * All whose collections there are, one after the other: WHO of LINE_WHO; in front of them
 * 0, when nothing is split, or for those that have found no place. *at is 0 at first and belongs to
 * this function. False after the last.
 */
bool by_each(const struct state *s, size_t *at, int64_t *who);

#endif
