// SPDX-License-Identifier: GPL-2.0-or-later
#include "net/page_cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "source/program_pages.h"

#define TELL_MS 500     /* between two words to the engine about one page */
#define CONTENTS_MS 500 /* the contents, and pages of the program's own, are drawn anew then */

struct drawing *page_cache_at(struct page_cache *s, int page, enum output output)
{
	return &s->drawings[page - REQUEST_PAGE_MIN][output];
}

static int64_t *told_ms(struct page_cache *s, int page, enum output output)
{
	return &s->wanted_ms[page - REQUEST_PAGE_MIN][output == OUTPUT_OPENMETRICS];
}

void page_cache_tell(struct page_cache *s, int page, enum output output, int64_t now_ms)
{
	static struct ipc_message m;
	int64_t *told = told_ms(s, page, output);

	if (*told && now_ms - *told < TELL_MS)
		return;
	m = (struct ipc_message){
		.kind = IPC_WANT, .place = s->place, .page = (uint32_t)page, .output = output
	};
	if (!ipc_send(s->ipc, &m))
		*told = now_ms;
}

void page_cache_anew(struct page_cache *s, int page, enum output output)
{
	*told_ms(s, page, output) = 0;
}

struct drawing *page_cache_get(struct page_cache *s, int page, enum output output, bool again,
			       int64_t now_ms)
{
	struct drawing *drawing = page_cache_at(s, page, output);

	if (drawing->there && (page == PAGE_CONTENTS || own_is(page)) && !again &&
	    now_ms - drawing->since_ms > CONTENTS_MS) {
		drawing->there = false;
		page_cache_anew(s, page, output);
	}
	if (!again)
		page_cache_tell(s, page, output, now_ms);
	return drawing->there ? drawing : NULL;
}

static bool wanted(const struct drawing *d, int64_t now_ms)
{
	return d->asked_ms && now_ms - d->asked_ms <= PAGE_CACHE_HELD_MS;
}

int page_cache_take(struct page_cache *s, const struct ipc_message *m, int64_t now_ms)
{
	struct drawing *in = &s->incoming, *place, *held, old;

	if (m->page < REQUEST_PAGE_MIN || m->page > REQUEST_PAGE_MAX ||
	    m->output >= PAGE_CACHE_FORMATS || m->state > PAGE_NONE || m->total > IPC_PAGE_MAX ||
	    m->len > IPC_BYTES || m->offset > m->total || m->len > m->total - m->offset ||
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
	place = page_cache_at(s, (int)m->page, (enum output)m->output);
	in->sequence = m->sequence;
	in->state = (enum page_state)m->state;
	in->since_ms = now_ms;
	in->asked_ms = 0;
	in->there = true;
	old = *place;
	*place = *in;
	held = &s->held[m->page - REQUEST_PAGE_MIN][m->output];
	if (old.len > REQUEST_PIECE && wanted(&old, now_ms) && !wanted(held, now_ms)) {
		*in = *held;
		*held = old;
	} else {
		*in = old;
	}
	in->len = 0;
	return 1;
}

struct drawing *page_cache_continue(struct page_cache *s, int page, enum output output,
				    uint32_t sequence, int64_t now_ms)
{
	struct drawing *both[] = { page_cache_at(s, page, output),
				   &s->held[page - REQUEST_PAGE_MIN][output] };

	for (int i = 0; i < 2; i++) {
		if (both[i]->len && both[i]->sequence == sequence) {
			both[i]->asked_ms = now_ms;
			return both[i];
		}
	}
	return NULL;
}

/* Its memory goes, too: there may be many targets. */
static void drop(struct drawing *d)
{
	free(d->text);
	*d = (struct drawing){ 0 };
}

void page_cache_forget(struct page_cache *s, int page, int64_t now_ms)
{
	if (page < REQUEST_PAGE_MIN || page > REQUEST_PAGE_MAX)
		return;
	for (int i = OUTPUT_TEXT; i <= OUTPUT_JSON; i++) {
		struct drawing *drawing = page_cache_at(s, page, (enum output)i);
		struct drawing *held = &s->held[page - REQUEST_PAGE_MIN][i];

		drawing->there = false;
		if (!wanted(drawing, now_ms))
			drop(drawing);
		if (!wanted(held, now_ms))
			drop(held);
	}
}

int page_cache_named(const struct page_cache *s, const char *word)
{
	for (int i = 0; i < PAGE_CACHE_PAGES; i++) {
		if (*s->names[i] && !strcmp(s->names[i], word))
			return REQUEST_PAGE_MIN + i;
	}
	return 0;
}
