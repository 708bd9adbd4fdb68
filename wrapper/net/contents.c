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
static void head(const struct contents *d, const struct place *p, const char *line)
{
	char *target = d->json ? quote_json(line ? line : "") : quote_text(line ? line : "");
	char stamp[32];
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	if (d->json) {
		strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &tm);
		fprintf(d->f, "{\"page\":255,\"name\":\"contents\",\"time\":\"%s\",\"target\":%s,",
			stamp, target ? target : "null");
	} else {
		strftime(stamp, sizeof(stamp), "%Y-%m-%d %H:%M:%S UTC", &tm);
		fprintf(d->f, "%-56s %s\n", "255 contents  Every page", stamp);
		if (line)
			fprintf(d->f, "%s%s%s\n\n", p->served ? p->served->name : "",
				p->served ? ": " : "", target ? target : "");
	}
	free(target);
}

/* A target: how it is named, and whether it is there. */
static void row_target(struct contents *d, struct place *p, int64_t now_ms)
{
	bool there = place_there(p, now_ms);
	char *what = d->json ? quote_json(p->served->what) : quote_text(p->served->what);
	char *why = d->json && !there ? quote_json(p->absent) : NULL;
	char name[REQUEST_TARGET + 4];

	if (d->json) {
		fprintf(d->f, "%s{\"name\":\"%s\",\"what\":%s,\"there\":%s,\"why\":%s}",
			d->rows++ ? "," : "", p->served->name, what ? what : "null",
			there ? "true" : "false", why ? why : "null");
	} else {
		snprintf(name, sizeof(name), "%s/255", p->served->name);
		fprintf(d->f, "%-20s  %-9s  %s\n", name, there ? "there" : "not there",
			what ? what : "");
		if (!there)
			wrap(d->f, p->absent);
	}
	free(what);
	free(why);
}

static void list_targets(struct contents *d, struct places *all, int64_t now_ms)
{
	if (d->json)
		fputs("\"targets\":[", d->f);
	for (int i = 1; i < all->n; i++)
		row_target(d, &all->list[i], now_ms);
	fputs(d->json ? "]," : "\n", d->f);
	d->rows = 0;
}

/* Of place 0 beside targets: pages of the host alone. */
static bool has_page(const struct places *all, const struct place *p, const struct page *page)
{
	return p->served ? target_may(p->served, page->number) : all->n == 1 || page_is_host(page);
}

static void list_pages(struct contents *d, const struct places *all, struct place *p)
{
	struct source *s = p->source;

	for (int i = 0; s && i < n_pages; i++) {
		const struct page *page = &pages[i];
		enum page_state state;
		char *why = NULL;

		if (!has_page(all, p, page))
			continue;
		state = s->judge(s, page, &why);
		row(d, page->number, page->name, page->title, word(state), why);
		free(why);
	}
	for (int i = OWN_FIRST; s && s->own && i <= OWN_LAST; i++) {
		const char *name, *title;

		if (own_listed(s->own, i, &name, &title) &&
		    (!p->served || target_may(p->served, i)))
			row(d, i, name, title, word(PAGE_NONE), NULL);
	}
	for (int i = 0; !p->served && i < all->actions->n; i++) {
		const struct action *a = &all->actions->list[i];

		row(d, a->page, a->name, a->title, "action", NULL);
	}
}

char *contents_draw(struct places *all, struct place *p, int64_t now_ms, bool json)
{
	char *out = NULL, *line = NULL;
	size_t size;
	struct contents d = { .f = open_memstream(&out, &size), .json = json };

	if (!d.f)
		return NULL;
	if (p->source)
		line = p->source->headline(p->source);
	else if (asprintf(&line, "not there: %s", p->why ? p->why : "") < 0)
		line = NULL;
	head(&d, p, line);
	free(line);
	if (!p->served && all->n > 1)
		list_targets(&d, all, now_ms);
	if (json)
		fputs("\"rows\":[", d.f);
	list_pages(&d, all, p);
	if (json)
		fputs("]}\n", d.f);
	return fclose(d.f) ? (free(out), NULL) : out;
}
