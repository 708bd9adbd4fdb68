// SPDX-License-Identifier: GPL-2.0-or-later
#include "net/place.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

#define REST_MS 2000 /* it stays open so long after its pages have been unloaded */

/* Whatever the frontend has is drawn anew. */
static void forget_versions(struct place *p)
{
	for (int i = 0; i < n_pages; i++)
		p->shown[i].version = 0;
}

/* Takes why; a reason that is another one is said. */
static void set_why(struct place *p, char *why)
{
	if (why && p->why && !strcmp(why, p->why)) {
		free(why);
		return;
	}
	free(p->why);
	p->why = why;
	if (why) {
		char *line = NULL;

		if (asprintf(&line, "%s: %s", p->served->name, why) >= 0)
			say_why(line, -ESRCH);
		free(line);
	}
	forget_versions(p);
}

void place_open(struct place *p, int64_t now_ms)
{
	char *msg = NULL;
	int err;

	p->asked_ms = now_ms;
	if (p->source || (p->why && now_ms - p->tried_ms < PLACE_TRY_MS))
		return;
	p->tried_ms = now_ms;
	/* A binary is watched before a process runs it. */
	err = p->o->n_files ? 0 : live_there(p->o, &msg);
	if (!err)
		p->source = live_open(p->o, &err, &msg);
	if (!p->source && !msg)
		msg = strdup(strerror(-err));
	if (p->source)
		forget_versions(p);
	set_why(p, p->source ? NULL : msg);
}

int place_step(struct place *p, int64_t now_ms)
{
	struct source *s = p->source;

	if (!s)
		return INT32_MAX;
	if (p->served && now_ms - p->asked_ms > (int64_t)(p->o->idle * 1000) + REST_MS &&
	    s->at_rest(s)) {
		s->close(s);
		p->source = NULL;
		malloc_trim(0); /* what it took may be in many small pieces */
		return INT32_MAX;
	}
	return s->step(s, now_ms);
}

bool place_there(struct place *p, int64_t now_ms)
{
	if (!p->looked_ms || now_ms - p->looked_ms >= PLACE_TRY_MS) {
		p->looked_ms = now_ms;
		free(p->absent);
		p->absent = NULL;
		if (live_there(p->o, &p->absent) && !p->absent)
			p->absent = strdup("it cannot be looked for");
	}
	return !p->absent;
}

int places_open(struct places *all, const struct opts *o, const struct targets *targets,
		const bool *metrics)
{
	all->n = 1 + targets->n;
	all->list = calloc((size_t)all->n, sizeof(*all->list));
	for (int i = 0; all->list && i < all->n; i++) {
		struct place *p = &all->list[i];

		p->number = (uint32_t)i;
		p->served = i ? &targets->list[i - 1] : NULL;
		p->o = i ? &p->served->o : o;
		p->shown = calloc((size_t)n_pages, sizeof(*p->shown));
		p->metrics = calloc((size_t)n_pages, sizeof(*p->metrics));
		if (!p->shown || !p->metrics)
			return -ENOMEM;
		for (int k = 0; k < n_pages; k++) {
			bool host = page_is_host(&pages[k]);

			p->metrics[k] = metrics[k] &&
					(all->n == 1 || (i ? !host || pages[k].fill_all : host)) &&
					(!i || target_may(p->served, pages[k].number));
		}
	}
	return all->list ? 0 : -ENOMEM;
}

void places_close(struct places *all)
{
	for (int i = 0; all->list && i < all->n; i++) {
		struct place *p = &all->list[i];

		if (p->source)
			p->source->close(p->source);
		free(p->why);
		free(p->absent);
		free(p->metrics);
		free(p->shown);
	}
	free(all->list);
}

void place_keep(struct place *p, const struct page *page, int64_t now_ms)
{
	place_open(p, now_ms);
	if (p->source)
		p->source->want(p->source, page, now_ms);
}

char *places_metrics(const struct places *all)
{
	struct source_pages *from = calloc((size_t)all->n, sizeof(*from));
	char *text = NULL;

	for (int i = 0; from && i < all->n; i++) {
		const struct place *p = &all->list[i];

		from[i] = (struct source_pages){
			.source = p->source,
			.name = p->served ? p->served->name : NULL,
			.wanted = p->metrics,
		};
	}
	if (from)
		text = source_metrics(from, all->n);
	free(from);
	return text;
}
