// SPDX-License-Identifier: GPL-2.0-or-later
#include "net/page_cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct drawing *shelf_at(struct shelf *s, int page, bool json)
{
	return &s->drawings[page - REQUEST_PAGE_MIN][json];
}

static bool wanted(const struct drawing *d, int64_t now_ms)
{
	return d->asked_ms && now_ms - d->asked_ms <= SHELF_HELD_MS;
}

int shelf_take(struct shelf *s, const struct hatch_message *m, int64_t now_ms)
{
	struct drawing *in = &s->incoming, *place, *held, old;

	if (m->page < REQUEST_PAGE_MIN || m->page > REQUEST_PAGE_MAX || m->json > 1 ||
	    m->state > PAGE_NONE || m->total > HATCH_PAGE_MAX || m->len > HATCH_BYTES ||
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
	place = shelf_at(s, (int)m->page, m->json);
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

struct drawing *shelf_continue(struct shelf *s, int page, bool json, uint32_t sequence,
			       int64_t now_ms)
{
	struct drawing *both[] = { shelf_at(s, page, json),
				   &s->held[page - REQUEST_PAGE_MIN][json] };

	for (int i = 0; i < 2; i++) {
		if (both[i]->len && both[i]->sequence == sequence) {
			both[i]->asked_ms = now_ms;
			return both[i];
		}
	}
	return NULL;
}

void shelf_forget(struct shelf *s, int page)
{
	if (page >= REQUEST_PAGE_MIN && page <= REQUEST_PAGE_MAX) {
		shelf_at(s, page, false)->there = false;
		shelf_at(s, page, true)->there = false;
	}
}
