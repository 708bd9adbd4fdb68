// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/source.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/quote.h"
#include "render/render.h"

char *source_metrics(struct source *s, const bool *wanted)
{
	struct render *list = calloc((size_t)n_pages, sizeof(*list));
	struct states *all = calloc((size_t)n_pages, sizeof(*all));
	char *text = NULL;
	int n = 0;

	for (int i = 0; list && all && i < n_pages; i++) {
		if (wanted[i]) {
			list[n].page = &pages[i];
			s->show(s, &pages[i], &list[n], &all[n]);
			n++;
		}
	}
	if (list && all)
		text = render_pages(OUTPUT_OPENMETRICS, list, n);
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
