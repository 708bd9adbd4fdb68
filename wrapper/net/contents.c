// SPDX-License-Identifier: GPL-2.0-or-later
#include "net/contents.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/quote.h"

#define WIDTH 80

/* What each state is called here. */
static const char *word(enum page_state state)
{
	switch (state) {
	case PAGE_LIVE:
		return "live";
	case PAGE_WARMING:
		return "warming up";
	case PAGE_ENDED:
		return "ended";
	case PAGE_CANNOT:
		return "cannot";
	default:
		return "can work";
	}
}

static void row_json(FILE *f, bool first, int number, const char *name, const char *title,
		     const char *state, const char *why)
{
	char *n = quote_json(name), *t = quote_json(title), *w = why ? quote_json(why) : NULL;

	fprintf(f, "%s{\"page\":%d,\"name\":%s,\"title\":%s,\"state\":\"%s\",\"why\":%s}",
		first ? "" : ",", number, n ? n : "null", t ? t : "null", state, w ? w : "null");
	free(n);
	free(t);
	free(w);
}

/* A reason goes below its page, in lines that fit. */
static void wrap(FILE *f, const char *text)
{
	char *quoted = quote_text(text);
	const char *p = quoted ? quoted : "";
	const size_t room = WIDTH - 4;

	while (*p) {
		size_t n = strlen(p), cut;

		if (n > room) {
			for (cut = room; cut && p[cut] != ' '; cut--)
				;
			for (n = cut ? cut : room; !cut && ((unsigned char)p[n] & 0xc0) == 0x80;)
				n--;
		}
		fprintf(f, "    %.*s\n", (int)n, p);
		p += n;
		p += strspn(p, " ");
	}
	free(quoted);
}

static void row_text(FILE *f, int number, const char *name, const char *title, const char *state,
		     const char *why)
{
	char *n = quote_text(name), *t = quote_text(title);

	fprintf(f, "%3d  %-12.12s  %-48.48s  %s\n", number, n ? n : "", t ? t : "", state);
	free(n);
	free(t);
	if (why)
		wrap(f, why);
}

struct contents {
	FILE *f;
	bool json;
	int rows; /* so far */
};

static void row(struct contents *d, int number, const char *name, const char *title,
		const char *state, const char *why)
{
	if (d->json)
		row_json(d->f, !d->rows++, number, name, title, state, why);
	else
		row_text(d->f, number, name, title, state, why);
}

/* line: about the target; NULL: there is none. */
static void head(const struct contents *d, const char *line)
{
	char *target = d->json ? quote_json(line ? line : "") : quote_text(line ? line : "");
	char stamp[32];
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	if (d->json) {
		strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &tm);
		fprintf(d->f,
			"{\"page\":255,\"name\":\"contents\",\"time\":\"%s\",\"target\":%s,"
			"\"rows\":[",
			stamp, target ? target : "null");
	} else {
		strftime(stamp, sizeof(stamp), "%Y-%m-%d %H:%M:%S UTC", &tm);
		fprintf(d->f, "%-56s %s\n", "255 contents  Every page", stamp);
		if (line)
			fprintf(d->f, "%s\n\n", target ? target : "");
	}
	free(target);
}

char *contents_draw(struct source *s, const struct actions *actions, bool json)
{
	char *out = NULL, *line = s->headline(s);
	size_t size;
	struct contents d = { .f = open_memstream(&out, &size), .json = json };

	if (!d.f) {
		free(line);
		return NULL;
	}
	head(&d, line);
	free(line);
	for (int i = 0; i < n_pages; i++) {
		const struct page *page = &pages[i];
		char *why = NULL;
		enum page_state state = s->judge(s, page, &why);

		row(&d, page->number, page->name, page->title, word(state), why);
		free(why);
	}
	for (int i = OWN_FIRST; s->own && i <= OWN_LAST; i++) {
		const char *name, *title;

		if (own_listed(s->own, i, &name, &title))
			row(&d, i, name, title, word(PAGE_NONE), NULL);
	}
	for (int i = 0; i < actions->n; i++) {
		const struct action *a = &actions->list[i];

		row(&d, a->page, a->name, a->title, "action", NULL);
	}
	if (json)
		fputs("]}\n", d.f);
	return fclose(d.f) ? (free(out), NULL) : out;
}
