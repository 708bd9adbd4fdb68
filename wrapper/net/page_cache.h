/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * page_cache: the drawings that the frontend hands out, one per page and format.
 */
#ifndef TELETAP_NET_PAGE_CACHE_H
#define TELETAP_NET_PAGE_CACHE_H

#include "net/datagram.h"
#include "net/ipc.h"

#define PAGE_CACHE_HELD_MS 2000
#define PAGE_CACHE_PAGES (REQUEST_PAGE_MAX - REQUEST_PAGE_MIN + 1)

struct drawing {
	char *text;
	size_t len, room;
	uint32_t sequence;
	enum page_state state;
	int64_t since_ms, asked_ms; /* since it is there; asked for last */
	bool there;
};

struct page_cache {
	struct drawing drawings[PAGE_CACHE_PAGES][2]; /* text, JSON */
	/*
	 * An earlier one, for those who are still collecting its parts: over a slow link a
	 * page that is drawn every second would begin again for ever. It is replaced when
	 * nobody has asked for it for PAGE_CACHE_HELD_MS.
	 */
	struct drawing held[PAGE_CACHE_PAGES][2];
	int64_t wanted_ms[PAGE_CACHE_PAGES]; /* when the engine was told last */
	struct drawing incoming;
};

/*
 * The drawing of which a request wants further parts: of that sequence, the present or an
 * earlier one; NULL: there is none any more. now_ms: monotonic.
 */
struct drawing *page_cache_continue(struct page_cache *s, int page, bool json, uint32_t sequence,
				    int64_t now_ms);

/* A page's drawing; page is one from REQUEST_PAGE_MIN to REQUEST_PAGE_MAX. */
struct drawing *page_cache_at(struct page_cache *s, int page, bool json);

/*
 * Takes a piece of a drawing. 1: the drawing is complete; 0: not yet; -EBADMSG for a
 * piece that does not fit, -ENOMEM: it is then not there.
 */
int page_cache_take(struct page_cache *s, const struct ipc_message *m, int64_t now_ms);

void page_cache_forget(struct page_cache *s, int page);

#endif
