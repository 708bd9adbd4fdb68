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

#define WRAP_INDENT 2 /* of what goes on in another line */

/* How many columns s takes: two for each character that may be a wide one. */
int text_width(const char *s);

/* Steps over one character. */
const char *text_next(const char *s);

/* The columns of a line that is wrapped, or has a bar. */
int text_line(const struct render *r);

/* Whether that is fewer than pages are made for. */
bool text_is_narrow(const struct render *r);

/*
 * Writes s, padded to a width, or cut: of a path the end is kept, else the beginning. Of a whole
 * page nothing is cut.
 */
void text_draw(FILE *f, const struct render *r, const char *s, int width, bool path);

/*
 * Wraps the lines that are longer than a width, between words; frees the text, and returns one to
 * be freed. Colours take no room. A word that is longer stays as it is.
 */
char *text_wrap(char *text, int width);

/* Writes s as far as there is room; returns the columns used. */
int text_fit(FILE *f, const struct render *r, const char *s, int room, bool path);

/* Writes a stack, a line for each frame, with its variables; most: so many, 0: the usual number. */
void text_stack(FILE *f, const struct render *r, const struct stack *stack, int most);

#endif
