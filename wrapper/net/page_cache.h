/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * page_cache: the drawings of a place that the frontend hands out, one per page and format.
 * The document of metrics is that of the contents in its format.
 */
#ifndef TELETAP_NET_PAGE_CACHE_H
#define TELETAP_NET_PAGE_CACHE_H

#include "net/datagram.h"
#include "net/ipc.h"

#define PAGE_CACHE_HELD_MS 2000
#define PAGE_CACHE_FORMATS (OUTPUT_OPENMETRICS + 1)
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
	struct drawing drawings[PAGE_CACHE_PAGES][PAGE_CACHE_FORMATS];
	/*
	 * An earlier one, for those who are still collecting its parts: over a slow link a
	 * page that is drawn every second would begin again for ever. It is replaced when
	 * nobody has asked for it for PAGE_CACHE_HELD_MS.
	 */
	struct drawing held[PAGE_CACHE_PAGES][PAGE_CACHE_FORMATS];
	int64_t wanted_ms[PAGE_CACHE_PAGES][2]; /* when the engine was told last; of metrics */
	char names[PAGE_CACHE_PAGES][IPC_NAME]; /* of the program's own pages */
	const char *target;                     /* its name; "": of place 0 */
	uint32_t place;
	int ipc; /* to the engine */
	struct drawing incoming;
};

/*
 * The drawing of which a request wants further parts: of that sequence, the present or an
 * earlier one; NULL: there is none any more. now_ms: monotonic.
 */
struct drawing *page_cache_continue(struct page_cache *s, int page, enum output output,
				    uint32_t sequence, int64_t now_ms);

/* A page's drawing; page is one from REQUEST_PAGE_MIN to REQUEST_PAGE_MAX. */
struct drawing *page_cache_at(struct page_cache *s, int page, enum output output);

/* Tells the engine that the page is wanted; not more often than it can be told. */
void page_cache_tell(struct page_cache *s, int page, enum output output, int64_t now_ms);

/* Makes the next word to the engine about the page go out at once. */
void page_cache_anew(struct page_cache *s, int page, enum output output);

/*
 * The drawing that answers a request for a page; NULL: it is to be waited for, and the engine
 * has been told. again: the request has been waiting.
 */
struct drawing *page_cache_get(struct page_cache *s, int page, enum output output, bool again,
			       int64_t now_ms);

/*
 * Takes a piece of a drawing. 1: the drawing is complete; 0: not yet; -EBADMSG for a
 * piece that does not fit, -ENOMEM: it is then not there.
 */
int page_cache_take(struct page_cache *s, const struct ipc_message *m, int64_t now_ms);

void page_cache_forget(struct page_cache *s, int page, int64_t now_ms);

/* The number of a page of the program's own with this name; 0: it is not known. */
int page_cache_named(const struct page_cache *s, const char *word);

#endif
