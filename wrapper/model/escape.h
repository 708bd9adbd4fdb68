/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * escape: a text as a field of the line protocol (line.h), for the pages that need no
 * module. Pure.
 */
#ifndef TELETAP_MODEL_ESCAPE_H
#define TELETAP_MODEL_ESCAPE_H

#include <stdio.h>

#define ESCAPE_TEXT                                                                                \
	500 /* bytes of a text from outside; escaped, four of them have room in a line */

/* Writes a tab and s, escaped. */
void escape_field(FILE *f, const char *s);

/* The same of its first n bytes. */
void escape_field_part(FILE *f, const char *s, size_t n);

/* How many bytes of s, escaped, have room in *room bytes, which becomes less by as many. */
size_t escape_fits(const char *s, size_t *room);

/* The same as escape_field, but no more than ESCAPE_TEXT bytes of it, and "..." for the rest. */
void escape_field_cut(FILE *f, const char *s);

#endif
