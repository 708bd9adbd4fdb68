/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * text_parts: texts and stacks of a text page. Pure.
 */
#ifndef TELETAP_RENDER_TEXT_PARTS_H
#define TELETAP_RENDER_TEXT_PARTS_H

#include <stdbool.h>
#include <stdio.h>

#include "model/table.h"
#include "render/render.h"

/* How many columns s takes: two for each character that may be a wide one. */
int text_width(const char *s);

/* Steps over one character. */
const char *text_next(const char *s);

/* The columns of a line that is wrapped, or has a bar. */
int text_line(const struct render *r);

/*
 * Writes s, padded to a width, or cut: of a path the end is kept, else the beginning. Of a whole
 * page nothing is cut.
 */
void text_draw(FILE *f, const struct render *r, const char *s, int width, bool path);

/* Writes s as far as there is room; returns the columns used. */
int text_fit(FILE *f, const struct render *r, const char *s, int room, bool path);

/* Writes a stack, a line for each frame, with its variables; most: so many, 0: the usual number. */
void text_stack(FILE *f, const struct render *r, const struct stack *stack, int most);

#endif
