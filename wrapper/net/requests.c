// SPDX-License-Identifier: GPL-2.0-or-later
#include "net/requests.h"

#include <stdio.h>
#include <string.h>

#include "base/self_report.h"
#include "net/inbox.h"
#include "source/program_pages.h"

#define PATIENCE_MS (OWN_MS + 500)
#define MARGIN_MS 500 /* in which the engine does what it has taken */
/* Actions passed on to the engine per second, for each share, and of those for one address. */
#define ACTIONS 8.0
#define ACTIONS_EACH 4.0

void requests_begin(struct requests *r, double rate, const struct peers_time *now, uint64_t salt)
{
	r->now_ms = now->mono_ms;
	peers_begin(&r->peers, rate, now, salt);
	peers_begin(&r->actions_by, ACTIONS_EACH, now, salt);
}

void requests_now(struct requests *r, int64_t now_ms, int64_t real_ms)
{
	r->now_ms = now_ms;
	r->real_ms = real_ms;
	r->out.now_ms = now_ms;
	r->out.real_ms = real_ms;
}

/* A short answer of our own; text must be copied before the next one. */
static void answer_text(struct requests *r, const struct letter *l, enum page_state state,
			const char *text)
{
	reply_queue_answer(&r->out, l, state, 0, text, strlen(text));
	reply_queue_flush(&r->out);
}

/* Keeps the letter until its answer is there; false: no room. */
static bool wait_for_it(struct requests *r, const struct letter *l, int64_t due_ms)
{
	for (int i = 0; i < REQUESTS_WAITING; i++) {
		if (!r->waiting[i].deadline_ms) {
			r->waiting[i] = *l;
			r->waiting[i].deadline_ms = due_ms;
			return true;
		}
	}
	return false;
}

static bool action_allowed(struct requests *r, const struct letter *l)
{
	unsigned char address[PEERS_ADDRESS];

	if (l->socket->trusted)
		return tokens_take(&r->actions_here, ACTIONS, r->now_ms);
	peers_address((const struct sockaddr *)&l->from, address);
	return peers_allow(&r->actions_by, address, r->now_ms) &&
	       tokens_take(peers_knows(&r->peers, address) ? &r->actions_proven
							   : &r->actions_others,
			   ACTIONS, r->now_ms);
}

/* The first of those that the sender has asked for the same action and that wait; NULL: none. */
static const struct letter *action_before(const struct requests *r, const struct letter *l)
{
	const struct letter *first = NULL;

	for (int i = 0; i < REQUESTS_WAITING; i++) {
		const struct letter *w = &r->waiting[i];

		if (w->deadline_ms && w->id && w->wish.page == l->wish.page &&
		    w->from_len == l->from_len && !memcmp(&w->from, &l->from, l->from_len) &&
		    (!first || w->deadline_ms < first->deadline_ms))
			first = w;
	}
	return first;
}

/* An action: the engine alone decides. */
static void pass_on(struct requests *r, struct letter *l)
{
	static struct ipc_message m;
	const struct letter *before = action_before(r, l);
	int64_t due_ms = r->now_ms + PATIENCE_MS;

	if (!l->has_head) {
		if (l->socket->trusted)
			answer_text(r, l, PAGE_CANNOT,
				    "actions need a key: 'teletap page --key FILE'\n");
		self_answer(l->span, 1);
		return;
	}
	if (!action_allowed(r, l)) {
		if (!before) /* else that one's answer comes, and it may still be done */
			reply_queue_refuse(&r->out, l, "too many requests");
		self_answer(l->span, 1);
		return;
	}
	/*
	 * Who asks again, since no answer came, is told at the same time as for the first request
	 * that nothing has been done, and it must be true of all.
	 */
	if (before && before->deadline_ms < due_ms)
		due_ms = before->deadline_ms;
	l->id = ++r->last_id;
	m = (struct ipc_message){ .kind = IPC_ACTION,
				  .page = (uint32_t)l->wish.page,
				  .id = l->id,
				  .until_ms = due_ms - MARGIN_MS,
				  .len = (uint32_t)l->len };
	memcpy(m.bytes, l->bytes, l->len);
	if (wait_for_it(r, l, due_ms) && !ipc_send(r->caches->ipc, &m))
		return;
	reply_queue_refuse(&r->out, l, "busy");
	self_answer(l->span, 1);
}

int requests_place(const struct requests *r, const char *target)
{
	for (int i = 0; i < r->places; i++) {
		if (!strcmp(r->caches[i].target, target))
			return i;
	}
	return -1;
}

static struct page_cache *cache_of(const struct requests *r, const struct letter *l)
{
	return &r->caches[l->wish.place];
}

/* The engine is asked which names there are; they come before the contents. */
static void serve_name(struct requests *r, struct letter *l, bool again)
{
	char text[128];

	if (!again) {
		page_cache_anew(cache_of(r, l), PAGE_CONTENTS, OUTPUT_TEXT);
		page_cache_tell(cache_of(r, l), PAGE_CONTENTS, OUTPUT_TEXT, r->now_ms);
		if (wait_for_it(r, l, r->now_ms + PATIENCE_MS))
			return;
	}
	snprintf(text, sizeof(text), "%s: no such page: 255 lists them\n", l->wish.word);
	answer_text(r, l, PAGE_NONE, text);
	self_answer(l->span, 1);
}

/* The drawing that answers the letter, or NULL: it is to be waited for. */
static struct drawing *drawing_for(struct requests *r, const struct letter *l, bool again)
{
	enum output output = l->wish.json ? OUTPUT_JSON : OUTPUT_TEXT;
	struct drawing *drawing;

	if (l->has_head && l->head.part) {
		drawing = page_cache_continue(cache_of(r, l), l->wish.page, output,
					      l->head.sequence, r->now_ms);
		if (drawing)
			return drawing;
	}
	drawing = page_cache_get(cache_of(r, l), l->wish.page, output, again, r->now_ms);
	if (drawing && l->has_head)
		drawing->asked_ms = r->now_ms;
	return drawing;
}

/* Actions are the host's, and not a target's. */
static bool is_action(const struct wish *w)
{
	return !*w->target && w->page >= REQUEST_ACTION_MIN && w->page <= REQUEST_ACTION_MAX;
}

/* A request that may be answered. again: it has been waiting. */
static void serve(struct requests *r, struct letter *l, bool again)
{
	const struct drawing *drawing;

	if (is_action(&l->wish)) {
		pass_on(r, l);
		return;
	}
	l->wish.place = requests_place(r, l->wish.target);
	if (l->wish.place < 0) {
		answer_text(r, l, PAGE_NONE, "no such target: 255 lists them\n");
		self_answer(l->span, 1);
		return;
	}
	if (!l->wish.page && !(l->wish.page = page_cache_named(cache_of(r, l), l->wish.word))) {
		serve_name(r, l, again);
		return;
	}
	drawing = drawing_for(r, l, again);
	if (drawing) {
		reply_queue_answer(&r->out, l, drawing->state, drawing->sequence, drawing->text,
				   drawing->len);
		self_answer(l->span, 0);
	} else if (!wait_for_it(r, l, r->now_ms + PATIENCE_MS)) {
		answer_text(r, l, PAGE_WARMING, "too many are waiting: ask again\n");
		self_answer(l->span, 1);
	}
}

/* Whether the letter from outside proves itself; otherwise it has been refused. */
static bool proven(struct requests *r, struct letter *l)
{
	unsigned char address[PEERS_ADDRESS];
	const char *why;

	if (!l->has_head || !r->out.has_key) {
		reply_queue_refuse(&r->out, l, r->out.has_key ? "a key is needed" : "no key here");
		return false;
	}
	if (!l->signed_) {
		reply_queue_refuse(&r->out, l, "not this key");
		return false;
	}
	why = peers_new(&r->peers, &l->head, &(struct peers_time){ r->now_ms, r->real_ms });
	if (why) {
		reply_queue_refuse(&r->out, l, why);
		return false;
	}
	peers_address((const struct sockaddr *)&l->from, address);
	return peers_allow(&r->peers, address, r->now_ms);
}

static void take_letter(struct requests *r, struct letter *l)
{
	const char *text = (const char *)l->bytes;
	size_t len = l->len;
	bool action;

	l->has_head = request_has_head(l->bytes, l->len);
	l->deadline_ms = 0;
	l->id = 0; /* of an action that was in this place */
	l->signed_ = false;
	if (l->has_head) {
		if (l->len != REQUEST_BYTES || !request_read(l->bytes, l->len, &l->head) ||
		    l->head.what != REQUEST_ASK)
			return;
		text += REQUEST_HEAD;
		len = REQUEST_WISH;
		l->signed_ = r->out.has_key && request_signed(l->bytes, l->len, r->out.key);
	} else if (l->len > REPLY_QUEUE_PLAIN_MAX) {
		return;
	}
	/* No word to what is not a request: two servers would answer each other for ever. */
	if (!request_wish(text, strnlen(text, len), &l->wish))
		return;
	/* An action has a key of its own, which only the engine knows. */
	action = l->has_head && is_action(&l->wish);
	if (l->socket->trusted || action || proven(r, l)) {
		l->span = self_request();
		serve(r, l, false);
	}
}

void requests_take(struct requests *r, const struct frontend_socket *socket)
{
	struct letter *letters;
	int n = inbox_take(socket, &letters);

	for (int i = 0; i < n; i++) {
		if (letters[i].len && letters[i].len <= REQUEST_BYTES)
			take_letter(r, &letters[i]);
	}
	reply_queue_flush(&r->out);
}

void requests_page_came(struct requests *r, int place, int page, enum output output)
{
	if (output == OUTPUT_OPENMETRICS)
		return;
	for (int i = 0; i < REQUESTS_WAITING; i++) {
		struct letter *l = &r->waiting[i];

		bool named = !l->wish.page && page == PAGE_CONTENTS;

		if (l->deadline_ms && !l->id && l->wish.place == place &&
		    (named || (l->wish.page == page && l->wish.json == (output == OUTPUT_JSON)))) {
			l->deadline_ms = 0;
			serve(r, l, true);
		}
	}
	reply_queue_flush(&r->out);
}

void requests_action_done(struct requests *r, const struct ipc_message *m)
{
	for (int i = 0; i < REQUESTS_WAITING; i++) {
		struct letter *l = &r->waiting[i];

		if (!l->deadline_ms || !l->id || l->id != m->id)
			continue;
		l->deadline_ms = 0;
		if (m->len && m->len <= REQUEST_PAYLOAD) {
			reply_queue_send(&r->out, l, m->bytes, m->len);
		} else {
			reply_queue_refuse(&r->out, l, "not this key");
		}
		self_answer(l->span, !(m->len && m->len <= REQUEST_PAYLOAD));
		reply_queue_flush(&r->out);
	}
}

bool requests_wait(const struct requests *r)
{
	for (int i = 0; i < REQUESTS_WAITING; i++) {
		if (r->waiting[i].deadline_ms)
			return true;
	}
	return false;
}

void requests_give_up(struct requests *r)
{
	for (int i = 0; i < REQUESTS_WAITING; i++) {
		struct letter *l = &r->waiting[i];

		if (!l->deadline_ms || r->now_ms < l->deadline_ms)
			continue;
		l->deadline_ms = 0;
		if (l->id)
			reply_queue_refuse(&r->out, l, "busy: nothing has been done");
		else
			answer_text(r, l, PAGE_WARMING, "busy: ask again\n");
		self_answer(l->span, 1);
	}
	reply_queue_flush(&r->out);
}
