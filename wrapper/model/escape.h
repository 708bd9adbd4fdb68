/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * escape: text -> a field of the line protocol, for collectors without a kernel module.
 * Pure.
 */
#ifndef TELETAP_MODEL_ESCAPE_H
#define TELETAP_MODEL_ESCAPE_H

#include <stdio.h>

#define ESCAPE_TEXT                                                                                \
	500 /* bytes of a text from outside; escaped, four of them have room in a line */

/* Writes a tab and s, escaped. */
void escape_field(FILE *f, const char *s);

/* Writes a tab and the first n bytes of s, escaped. */
void escape_field_part(FILE *f, const char *s, size_t n);

/* Returns how many bytes of s fit into *room bytes when escaped, and reduces *room. */
size_t escape_fits(const char *s, size_t *room);

/* Writes a tab and at most ESCAPE_TEXT bytes of s, escaped, and "..." for the rest. */
void escape_field_cut(FILE *f, const char *s);

#endif
