// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/source.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/quote.h"
#include "render/render.h"

char *source_metrics(const struct source_pages *from, int n)
{
	size_t room = (size_t)n * (size_t)n_pages;
	struct render *list = calloc(room, sizeof(*list));
	struct states *all = calloc(room, sizeof(*all));
	char *text = NULL;
	int used = 0;

	for (size_t i = 0; list && all && i < room; i++) {
		const struct source_pages *p = &from[i / (size_t)n_pages];
		const struct page *page = &pages[i % (size_t)n_pages];

		if (!p->wanted[page - pages])
			continue;
		list[used].page = page;
		if (p->source)
			p->source->show(p->source, page, &list[used], &all[used]);
		list[used++].name = p->name;
	}
	if (list && all)
		text = render_pages(OUTPUT_OPENMETRICS, list, used);
	free(list);
	free(all);
	return text;
}

char *source_notice(const struct page *page, bool json, const char *state, int again_s,
		    const char *fmt, ...)
{
	char *raw = NULL, *quoted, *name, *title, *out = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&raw, fmt, ap) < 0)
		raw = NULL;
	va_end(ap);
	quoted = raw ? json ? quote_json(raw) : quote_text(raw) : NULL;
	free(raw);
	name = json ? quote_json(page->name) : quote_text(page->name);
	title = quote_text(page->title);
	if (quoted && name && title && json &&
	    asprintf(&out,
		     "{\"page\":%d,\"name\":%s,\"state\":\"%s\",\"again_s\":%d,\"text\":%s}\n",
		     page->number, name, state, again_s, quoted) < 0)
		out = NULL;
	if (quoted && name && title && !json &&
	    asprintf(&out, "%d %s  %s\n%s\n", page->number, name, title, quoted) < 0)
		out = NULL;
	free(quoted);
	free(name);
	free(title);
	return out;
}
