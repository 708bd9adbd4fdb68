// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/search.h"

#include <string.h>
#include <strings.h>

#define ESCAPE 27
#define DELETE 127

void search_begin(struct search *s)
{
	*s = (struct search){ .typing = true };
}

bool search_key(struct search *s, int key)
{
	size_t n = strlen(s->word);

	if (key == '\n' || key == '\r') {
		s->typing = false;
		return *s->word;
	}
	if (key == ESCAPE)
		*s = (struct search){ 0 };
	else if ((key == DELETE || key == '\b') && n)
		s->word[n - 1] = '\0';
	else if (key >= ' ' && key < 256 && key != DELETE && n + 1 < sizeof(s->word))
		s->word[n] = (char)key;
	return false;
}

bool search_in(const struct search *s, const char *line, size_t len)
{
	size_t n = strlen(s->word);

	for (size_t i = 0; n && i + n <= len; i++) {
		if (!strncasecmp(line + i, s->word, n))
			return true;
	}
	return false;
}

int search_next(const struct search *s, const char *text, int from)
{
	int line = 0, first = -1;

	for (const char *p = text; *p; line++) {
		size_t len = strcspn(p, "\n");

		if (search_in(s, p, len)) {
			if (line > from)
				return line;
			first = first < 0 ? line : first;
		}
		p += len + (p[len] == '\n');
	}
	return first;
}
