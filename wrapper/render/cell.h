/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cell: a number and its unit -> a text for people: 12.3 ms, 4.56 MB, 07:08:09.010.
 * Three digits that count, or all of them where there is room. Pure.
 */
#ifndef TELETAP_RENDER_CELL_H
#define TELETAP_RENDER_CELL_H

#include "model/table.h"

/*
 * Writes a cell of any unit but text, path and stack to out, in at most the width of its
 * column less one: a space goes in front.
 */
void cell_text(const struct column *c, const struct cell *cell, char *out, size_t size);

/* Writes a count, in full where it takes no more than room. */
void cell_count(int64_t count, int room, char *out, size_t size);

#endif
