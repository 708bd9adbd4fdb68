// SPDX-License-Identifier: GPL-2.0-or-later
#include "net/page_cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct drawing *page_cache_at(struct page_cache *s, int page, bool json)
{
	return &s->drawings[page - REQUEST_PAGE_MIN][json];
}

static bool wanted(const struct drawing *d, int64_t now_ms)
{
	return d->asked_ms && now_ms - d->asked_ms <= PAGE_CACHE_HELD_MS;
}

int page_cache_take(struct page_cache *s, const struct ipc_message *m, int64_t now_ms)
{
	struct drawing *in = &s->incoming, *place, *held, old;

	if (m->page < REQUEST_PAGE_MIN || m->page > REQUEST_PAGE_MAX || m->json > 1 ||
	    m->state > PAGE_NONE || m->total > IPC_PAGE_MAX || m->len > IPC_BYTES ||
	    m->offset > m->total || m->len > m->total - m->offset ||
	    (m->offset && m->offset != in->len))
		return -EBADMSG;
	if (m->total > in->room) {
		char *more = realloc(in->text, m->total);

		if (!more)
			return -ENOMEM;
		in->text = more;
		in->room = m->total;
	}
	if (m->len)
		memcpy(in->text + m->offset, m->bytes, m->len);
	in->len = m->offset + m->len;
	if (in->len < m->total)
		return 0;
	/* The two change places, so that their memory is used again. */
	place = page_cache_at(s, (int)m->page, m->json);
	in->sequence = m->sequence;
	in->state = (enum page_state)m->state;
	in->since_ms = now_ms;
	in->asked_ms = 0;
	in->there = true;
	old = *place;
	*place = *in;
	held = &s->held[m->page - REQUEST_PAGE_MIN][m->json];
	if (old.len > REQUEST_PIECE && wanted(&old, now_ms) && !wanted(held, now_ms)) {
		*in = *held;
		*held = old;
	} else {
		*in = old;
	}
	in->len = 0;
	return 1;
}

struct drawing *page_cache_continue(struct page_cache *s, int page, bool json, uint32_t sequence,
				    int64_t now_ms)
{
	struct drawing *both[] = { page_cache_at(s, page, json),
				   &s->held[page - REQUEST_PAGE_MIN][json] };

	for (int i = 0; i < 2; i++) {
		if (both[i]->len && both[i]->sequence == sequence) {
			both[i]->asked_ms = now_ms;
			return both[i];
		}
	}
	return NULL;
}

void page_cache_forget(struct page_cache *s, int page)
{
	if (page >= REQUEST_PAGE_MIN && page <= REQUEST_PAGE_MAX) {
		page_cache_at(s, page, false)->there = false;
		page_cache_at(s, page, true)->there = false;
	}
}
