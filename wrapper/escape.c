// SPDX-License-Identifier: GPL-2.0-or-later
#include "escape.h"

#include <stddef.h>
#include <string.h>

static void field(FILE *f, const char *s, size_t n)
{
	fputc('\t', f);
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c < 0x20 || c == 0x7f || c == '\\')
			fprintf(f, "\\x%02x", c);
		else
			fputc(c, f);
	}
}

void escape_field(FILE *f, const char *s)
{
	field(f, s, strlen(s));
}

void escape_field_cut(FILE *f, const char *s)
{
	size_t n = strlen(s);

	field(f, s, n > ESCAPE_TEXT ? ESCAPE_TEXT : n);
	if (n > ESCAPE_TEXT)
		fputs("...", f);
}
