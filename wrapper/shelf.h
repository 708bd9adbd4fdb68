/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shelf: the drawings that the desk hands out, one per page and format.
 */
#ifndef TELETAP_SHELF_H
#define TELETAP_SHELF_H

#include "hatch.h"
#include "request.h"

#define SHELF_PAGES (REQUEST_PAGE_MAX - REQUEST_PAGE_MIN + 1)

struct drawing {
	char *text;
	size_t len, room;
	uint32_t sequence;
	enum page_state state;
	int64_t since_ms;
	bool there;
};

struct shelf {
	struct drawing drawings[SHELF_PAGES][2]; /* text, JSON */
	int64_t wanted_ms[SHELF_PAGES];          /* when the keeper was told last */
	struct drawing incoming;
};

/* A page's drawing; page is one from REQUEST_PAGE_MIN to REQUEST_PAGE_MAX. */
struct drawing *shelf_at(struct shelf *s, int page, bool json);

/*
 * Takes a piece of a drawing. 1: the drawing is complete; 0: not yet; -EBADMSG for a
 * piece that does not fit, -ENOMEM: it is then not there.
 */
int shelf_take(struct shelf *s, const struct hatch_message *m, int64_t now_ms);

void shelf_forget(struct shelf *s, int page);

#endif
