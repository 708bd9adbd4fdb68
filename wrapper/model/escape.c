// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/escape.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c != 0x7f && c != '\\';
}

size_t escape_fits(const char *s, size_t *room)
{
	size_t n = 0, size = 0;

	for (; s[n]; n++) {
		size_t more = is_plain((unsigned char)s[n]) ? 1 : 4;

		if (size + more > *room)
			break;
		size += more;
	}
	*room -= size;
	return n;
}

void escape_field_part(FILE *f, const char *s, size_t n)
{
	fputc('\t', f);
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (!is_plain(c))
			fprintf(f, "\\x%02x", c);
		else
			fputc(c, f);
	}
}

void escape_field(FILE *f, const char *s)
{
	escape_field_part(f, s, strlen(s));
}

void escape_field_cut(FILE *f, const char *s)
{
	size_t n = strlen(s);

	escape_field_part(f, s, n > ESCAPE_TEXT ? ESCAPE_TEXT : n);
	if (n > ESCAPE_TEXT)
		fputs("...", f);
}
