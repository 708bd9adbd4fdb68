// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/spelling.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "pages/page.h"

#define SPELLING_PAGES 4

static int letter(char c)
{
	return c == '_' ? '-' : tolower((unsigned char)c);
}

static bool is_same(const char *a, const char *b)
{
	for (; *a && letter(*a) == letter(*b); a++, b++)
		;
	return !*a && !*b;
}

bool spelling_near(const char *a, const char *b)
{
	for (; *a && letter(*a) == letter(*b); a++, b++)
		;
	if (!*a || !*b)
		return strlen(a) + strlen(b) < 2;
	return is_same(a + 1, b + 1) || is_same(a + 1, b) || is_same(a, b + 1) ||
	       (letter(a[0]) == letter(b[1]) && letter(a[1]) == letter(b[0]) &&
		is_same(a + 2, b + 2));
}

const char *spelling_pages(const char *word, char into[SPELLING_MAX])
{
	size_t at = 0;
	int found = 0;

	*into = '\0';
	for (int i = 0; i < n_pages && strlen(word) > 1; i++) {
		char number[12];
		const char *near = pages[i].name;

		snprintf(number, sizeof(number), "%d", pages[i].number);
		if (spelling_near(word, number))
			near = number;
		else if (!spelling_near(word, near))
			continue;
		if (++found > SPELLING_PAGES)
			break;
		at += (size_t)snprintf(into + at, SPELLING_MAX - at, "%s%s",
				       found > 1 ? ", " : " (did you mean ", near);
	}
	if (found > SPELLING_PAGES || at + sizeof("?)") > SPELLING_MAX)
		*into = '\0';
	else if (found)
		strcpy(into + at, "?)");
	return into;
}
