// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/quote.h"
#include "source/program_pages.h"
#include "source/source.h"

/* The text's lines, each escaped; tabs go to the next multiple of eight columns. */
static void draw_lines(FILE *f, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n"), at = 0;
		char *line = malloc(8 * n + 1), *quoted;

		for (size_t i = 0; line && i < n; i++) {
			size_t tab = text[i] == '\t' ? 8 - at % 8 : 1;

			memset(line + at, text[i] == '\t' ? ' ' : text[i], tab);
			at += tab;
		}
		if (line)
			line[at] = '\0';
		quoted = line ? quote_text(line) : NULL;
		fprintf(f, "%s\n", quoted ? quoted : "?");
		free(quoted);
		free(line);
		text += n + (text[n] == '\n');
	}
}

static void draw_text(FILE *f, const struct own_answer *a, int number, const struct tm *tm)
{
	char *name = quote_text(a->name), *title = quote_text(a->title), head[200], stamp[32];

	strftime(stamp, sizeof(stamp), "%Y-%m-%d %H:%M:%S UTC", tm);
	snprintf(head, sizeof(head), "%d %.24s  %.60s", number, name ? name : "?",
		 title ? title : "?");
	fprintf(f, "%-56s %s\n\n", head, stamp);
	draw_lines(f, a->text);
	if (a->cut)
		fprintf(f,
			"\nNOT EXACT: the text was longer than %d bytes: this is its beginning\n",
			OWN_TEXT);
	free(name);
	free(title);
}

static void draw_json(FILE *f, const struct own_answer *a, int number, const struct tm *tm)
{
	char *name = quote_json(a->name), *text = quote_json(a->text), stamp[32];

	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", tm);
	fprintf(f,
		"{\"page\":%d,\"name\":%s,\"time\":\"%s\",\"rows\":[{\"text\":%s,\"cut\":%s}]}\n",
		number, name ? name : "null", stamp, text ? text : "null",
		a->cut ? "true" : "false");
	free(name);
	free(text);
}

enum page_state own_draw(const struct own *o, int number, bool json, char **text)
{
	const struct own_answer *a = own_answer(o, number);
	struct page page = { .number = number };
	time_t now = time(NULL);
	struct tm tm;
	size_t size;
	FILE *f;

	*text = NULL;
	own_listed(o, number, &page.name, &page.title);
	if (a->name && a->title) {
		page.name = a->name;
		page.title = a->title;
	}
	if (!a->version) {
		*text = source_notice(&page, json, "warming", 1, "The program is being asked.");
		return PAGE_WARMING;
	}
	if (!a->good || !a->name || !a->title || !a->text) {
		*text = source_notice(&page, json, "cannot", 0, "It cannot be shown: %s",
				      a->text ? a->text : "out of memory");
		return a->none ? PAGE_NONE : PAGE_CANNOT;
	}
	f = open_memstream(text, &size);
	if (!f)
		return PAGE_CANNOT;
	gmtime_r(&now, &tm);
	if (json)
		draw_json(f, a, number, &tm);
	else
		draw_text(f, a, number, &tm);
	if (fclose(f)) {
		free(*text);
		*text = NULL;
	}
	return PAGE_LIVE;
}
