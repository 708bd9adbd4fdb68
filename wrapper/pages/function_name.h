/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * function_name: the number of a Python function (record name) -> cells. Pure.
 */
#ifndef TELETAP_PAGES_FUNCTION_NAME_H
#define TELETAP_PAGES_FUNCTION_NAME_H

#include "model/state.h"
#include "model/table.h"

/*
 * Sets four cells: the function, its file, its first line, and all of that as one text,
 * for people. 0: no Python function ran; another one without a name: it is not known.
 * They are null in JSON then.
 */
void name_fill(const struct state *s, struct table *t, int64_t name, struct cell *function,
	       struct cell *file, struct cell *line, struct cell *where);

#endif
