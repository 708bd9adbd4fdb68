// SPDX-License-Identifier: GPL-2.0-or-later
#include "net/place_pages.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/contents.h"
#include "net/ipc.h"

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
			text = source_notice(page, json, "cannot", PLACE_TRY_MS / 1000,
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
int place_pages_send(struct places *all, struct place *p, int64_t now_ms)
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

static const struct page *page_at(int number)
{
	for (int i = 0; i < n_pages; i++) {
		if (pages[i].number == number)
			return &pages[i];
	}
	return NULL;
}

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

int place_pages_want(struct places *all, struct place *p, int number, int64_t now_ms)
{
	const struct page *page = page_at(number);
	const char *why;

	if (number < REQUEST_PAGE_MIN || number > REQUEST_PAGE_MAX)
		return 0;
	place_open(p, now_ms);
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
	return 0; /* place_pages_send does the rest */
}
