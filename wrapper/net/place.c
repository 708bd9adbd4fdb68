// SPDX-License-Identifier: GPL-2.0-or-later
#include "net/place.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "net/contents.h"
#include "net/ipc.h"

#define TRY_MS 2000  /* between two attempts to open a target, and two looks at it */
#define REST_MS 2000 /* it stays open so long after its pages have been unloaded */

static const struct page *page_at(int number)
{
	for (int i = 0; i < n_pages; i++) {
		if (pages[i].number == number)
			return &pages[i];
	}
	return NULL;
}

/* ---- open and closed ---- */

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

/* Opens it, unless that has just been tried. */
static void open_place(struct place *p, int64_t now_ms)
{
	char *msg = NULL;
	int err;

	if (p->source || (p->why && now_ms - p->tried_ms < TRY_MS))
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
	if (!p->looked_ms || now_ms - p->looked_ms >= TRY_MS) {
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

/* ---- to the frontend ---- */

/* Sends a text, to be freed, as the drawing of m. NULL: there was no memory. */
static int send_text(const struct places *all, struct ipc_message *m, char *text)
{
	int err = text ? ipc_send_page(all->ipc, m, text, strlen(text)) : -ENOMEM;

	free(text);
	return err;
}

static struct ipc_message *drawing_of(const struct place *p, int number, uint32_t sequence)
{
	static struct ipc_message m;

	m = (struct ipc_message){ .place = p->number,
				  .page = (uint32_t)number,
				  .sequence = sequence };
	return &m;
}

static int send_page(const struct places *all, struct place *p, const struct page *page)
{
	static uint32_t sequence;
	struct ipc_message *m = drawing_of(p, page->number, sequence += !sequence + 1);
	int err = 0;

	for (int json = 0; json < 2 && !err; json++) {
		char *text = NULL;

		m->output = json ? OUTPUT_JSON : OUTPUT_TEXT;
		m->state = PAGE_CANNOT;
		if (p->source)
			m->state = p->source->draw(p->source, page, json, &text);
		else
			text = source_notice(page, json, "cannot", TRY_MS / 1000,
					     "%s is not there: %s", p->served->name,
					     p->why ? p->why : "it has not been looked for");
		if (text && strlen(text) > IPC_PAGE_MAX) {
			free(text);
			text = source_notice(page, json, "cannot", 0, "The page is too long.");
			m->state = PAGE_CANNOT;
		}
		err = send_text(all, m, text);
	}
	return err;
}

/* One that the program draws itself. */
static int send_own(const struct places *all, struct place *p, int number)
{
	const struct own *own = p->source->own;
	struct ipc_message *m = drawing_of(p, number, own_version(own, number));
	int err = 0;

	for (int json = 0; json < 2 && !err; json++) {
		char *text = NULL;

		m->output = json ? OUTPUT_JSON : OUTPUT_TEXT;
		m->state = own_draw(own, number, json, &text);
		err = send_text(all, m, text);
	}
	return err;
}

static int send_none(const struct places *all, const struct place *p, int number, const char *why)
{
	struct ipc_message *m = drawing_of(p, number, 1);
	int err = 0;

	m->state = PAGE_NONE;
	for (int json = 0; json < 2 && !err; json++) {
		char *text = NULL;

		if (asprintf(&text, "%d: %s\n", number, why) < 0)
			text = NULL;
		m->output = json ? OUTPUT_JSON : OUTPUT_TEXT;
		err = send_text(all, m, text);
	}
	return err;
}

static struct own *own_of(const struct place *p)
{
	return p->source ? p->source->own : NULL;
}

/* The names of the program's own pages. */
static int send_names(const struct places *all, const struct place *p)
{
	static struct ipc_message m;
	const char *name, *title;

	m = (struct ipc_message){ .kind = IPC_NAMES,
				  .place = p->number,
				  .len = OWN_PAGES * IPC_NAME };
	for (int i = 0; own_of(p) && i < OWN_PAGES; i++) {
		if (own_listed(own_of(p), OWN_FIRST + i, &name, &title))
			snprintf((char *)m.bytes + i * IPC_NAME, IPC_NAME, "%s", name);
	}
	return ipc_send(all->ipc, &m);
}

static int send_contents(struct places *all, struct place *p, int64_t now_ms)
{
	static uint32_t sequence;
	int err = send_names(all, p);

	sequence++;
	for (int json = 0; json < 2 && !err; json++) {
		struct ipc_message *m = drawing_of(p, PAGE_CONTENTS, sequence);

		m->output = json ? OUTPUT_JSON : OUTPUT_TEXT;
		m->state = PAGE_LIVE;
		err = send_text(all, m, contents_draw(all, p, now_ms, json));
	}
	return err;
}

/* Sends what has changed of the pages asked for; those not asked for are forgotten. */
static int send_changes(struct places *all, struct place *p, int64_t now_ms)
{
	int64_t idle = (int64_t)(p->o->idle * 1000);
	int err = 0;

	for (int i = 0; i < n_pages && !err; i++) {
		struct shown *shown = &p->shown[i];
		uint32_t version;

		if (!shown->asked_ms)
			continue;
		version = p->source ? p->source->version(p->source, &pages[i]) : 1;
		if (now_ms - shown->asked_ms > idle + 1000) {
			struct ipc_message forget = { .kind = IPC_FORGET,
						      .place = p->number,
						      .page = (uint32_t)pages[i].number };

			*shown = (struct shown){ 0 };
			err = ipc_send(all->ipc, &forget);
		} else if (shown->version != version) {
			shown->version = version;
			err = send_page(all, p, &pages[i]);
		}
	}
	return err;
}

/* What the program has answered; the contents have its pages, too. */
int place_send(struct places *all, struct place *p, int64_t now_ms)
{
	struct own *own = own_of(p);
	int err = send_changes(all, p, now_ms);

	for (int i = 0; i < OWN_PAGES && own && !err; i++) {
		if (p->own_asked[i] && !own_waits(own, OWN_FIRST + i)) {
			p->own_asked[i] = false;
			err = send_own(all, p, OWN_FIRST + i);
		}
	}
	if (!err && p->contents_asked && !(own && own_waits(own, OWN_LIST))) {
		p->contents_asked = false;
		err = send_contents(all, p, now_ms);
	}
	return err;
}

/* ---- from the frontend ---- */

/* Why a page cannot be had at a place at all; NULL: it may be. */
static const char *refused(const struct places *all, const struct place *p, int number,
			   const struct page *page)
{
	if (p->served && !target_may(p->served, number))
		return "not one of the pages of this target: its 255 lists them";
	if (all->n > 1 && !p->served && ((page && !page_is_host(page)) || own_is(number)))
		return "of which target? TARGET/PAGE: 255 lists them";
	if (!page && number != PAGE_CONTENTS && !(own_is(number) && own_of(p)))
		return "no such page: 255 lists them";
	return NULL;
}

int place_want(struct places *all, struct place *p, int number, int64_t now_ms)
{
	const struct page *page = page_at(number);
	const char *why;

	if (number < REQUEST_PAGE_MIN || number > REQUEST_PAGE_MAX)
		return 0;
	p->asked_ms = now_ms;
	open_place(p, now_ms);
	why = refused(all, p, number, page);
	if (why)
		return send_none(all, p, number, why);
	if (number == PAGE_CONTENTS) {
		if (own_of(p))
			own_want(own_of(p), OWN_LIST, now_ms);
		p->contents_asked = true;
	} else if (page) {
		p->shown[page - pages].asked_ms = now_ms;
		if (p->source)
			p->source->want(p->source, page, now_ms);
	} else {
		own_want(own_of(p), number, now_ms);
		p->own_asked[number - OWN_FIRST] = true;
	}
	return 0; /* place_send does the rest */
}

void place_keep(struct place *p, const struct page *page, int64_t now_ms)
{
	p->asked_ms = now_ms;
	open_place(p, now_ms);
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
