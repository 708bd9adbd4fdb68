// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests are taken and answered in batches. A page that is not in the page cache is asked
 * of the engine, and the request waits for it, for a while; the engine answers
 * at once, if only to say that the page is warming up. A page that is in the page cache is
 * handed out without asking; the engine is told once a second that it is wanted.
 */
#include "net/frontend.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fail.h"
#include "base/self_report.h"
#include "net/http.h"
#include "net/inbox.h"
#include "net/page_cache.h"
#include "net/rate_limit.h"
#include "net/reply_queue.h"
#include "source/program_pages.h"

#define WAITING 256 /* requests that wait for a page */
#define PATIENCE_MS (OWN_MS + 500)
#define TURN_MS 500   /* the longest wait for anything */
#define MARGIN_MS 500 /* in which the engine does what it has taken */
/* Actions passed on to the engine per second, for each share, and of those for one address. */
#define ACTIONS 8.0
#define ACTIONS_EACH 4.0

struct frontend {
	const struct frontend_options *o;
	struct page_cache page_cache;
	struct peers peers;
	/*
	 * Only the engine knows who has an action's key. So that those who have none do not
	 * use up everything, each of these has a share of its own.
	 */
	struct bucket_of_tokens actions_here, actions_proven, actions_others;
	struct peers actions_by;                /* address */
	char names[PAGE_CACHE_PAGES][IPC_NAME]; /* of the program's own pages */
	struct letter waiting[WAITING];
	int64_t now_ms, real_ms;
	uint32_t last_id;
	struct reply_queue out;
	struct http *http; /* NULL: not wanted */
};

/* A short answer of our own; text must be copied before the next one. */
static void answer_text(struct frontend *d, const struct letter *l, enum page_state state,
			const char *text)
{
	reply_queue_answer(&d->out, l, state, 0, text, strlen(text));
	reply_queue_flush(&d->out);
}

/* Keeps the letter until its answer is there; false: no room. */
static bool wait_for_it(struct frontend *d, const struct letter *l, int64_t due_ms)
{
	for (int i = 0; i < WAITING; i++) {
		if (!d->waiting[i].deadline_ms) {
			d->waiting[i] = *l;
			d->waiting[i].deadline_ms = due_ms;
			return true;
		}
	}
	return false;
}

static bool action_allowed(struct frontend *d, const struct letter *l)
{
	unsigned char address[PEERS_ADDRESS];

	if (l->socket->trusted)
		return tokens_take(&d->actions_here, ACTIONS, d->now_ms);
	peers_address((const struct sockaddr *)&l->from, address);
	return peers_allow(&d->actions_by, address, d->now_ms) &&
	       tokens_take(peers_knows(&d->peers, address) ? &d->actions_proven
							   : &d->actions_others,
			   ACTIONS, d->now_ms);
}

/*
 * When the answer to an action is due: who asks again, since none came, is told at the same
 * time as for the first request that nothing has been done, and it must be true of all.
 */
static int64_t action_due(const struct frontend *d, const struct letter *l)
{
	int64_t due_ms = d->now_ms + PATIENCE_MS;

	for (int i = 0; i < WAITING; i++) {
		const struct letter *w = &d->waiting[i];

		if (w->deadline_ms && w->id && w->id != l->id && w->wish.page == l->wish.page &&
		    w->from_len == l->from_len && !memcmp(&w->from, &l->from, l->from_len) &&
		    w->deadline_ms < due_ms)
			due_ms = w->deadline_ms;
	}
	return due_ms;
}

/* An action: the engine alone decides. */
static void pass_on(struct frontend *d, struct letter *l)
{
	static struct ipc_message m;
	int64_t due_ms;

	if (!l->has_head) {
		if (l->socket->trusted)
			answer_text(d, l, PAGE_CANNOT,
				    "actions need a key: 'teletap page --key FILE'\n");
		self_answer(l->span, 1);
		return;
	}
	if (!action_allowed(d, l)) {
		reply_queue_refuse(&d->out, l, "too many requests");
		self_answer(l->span, 1);
		return;
	}
	l->id = ++d->last_id;
	due_ms = action_due(d, l);
	m = (struct ipc_message){ .kind = IPC_ACTION,
				  .page = (uint32_t)l->wish.page,
				  .id = l->id,
				  .until_ms = due_ms - MARGIN_MS,
				  .len = (uint32_t)l->len };
	memcpy(m.bytes, l->bytes, l->len);
	if (wait_for_it(d, l, due_ms) && !ipc_send(d->o->ipc, &m))
		return;
	reply_queue_refuse(&d->out, l, "busy");
	self_answer(l->span, 1);
}

/* A name that our table lacks: a page of the program's own? 0: it is not known. */
static int own_named(const struct frontend *d, const char *word)
{
	for (int i = 0; i < PAGE_CACHE_PAGES; i++) {
		if (*d->names[i] && !strcmp(d->names[i], word))
			return REQUEST_PAGE_MIN + i;
	}
	return 0;
}

/* The engine is asked which names there are; they come before the contents. */
static void serve_name(struct frontend *d, struct letter *l, bool again)
{
	char text[128];

	if (!again) {
		page_cache_anew(&d->page_cache, PAGE_CONTENTS, OUTPUT_TEXT);
		page_cache_tell(&d->page_cache, PAGE_CONTENTS, OUTPUT_TEXT, d->now_ms);
		if (wait_for_it(d, l, d->now_ms + PATIENCE_MS))
			return;
	}
	snprintf(text, sizeof(text), "%s: no such page: 255 lists them\n", l->wish.word);
	answer_text(d, l, PAGE_NONE, text);
	self_answer(l->span, 1);
}

/* The drawing that answers the letter, or NULL: it is to be waited for. */
static struct drawing *drawing_for(struct frontend *d, const struct letter *l, bool again)
{
	enum output output = l->wish.json ? OUTPUT_JSON : OUTPUT_TEXT;
	struct drawing *drawing;

	if (l->has_head && l->head.part) {
		drawing = page_cache_continue(&d->page_cache, l->wish.page, output,
					      l->head.sequence, d->now_ms);
		if (drawing)
			return drawing;
	}
	drawing = page_cache_get(&d->page_cache, l->wish.page, output, again, d->now_ms);
	if (drawing && l->has_head)
		drawing->asked_ms = d->now_ms;
	return drawing;
}

/* A request that may be answered. again: it has been waiting. */
static void serve(struct frontend *d, struct letter *l, bool again)
{
	const struct drawing *drawing;

	if (l->wish.page >= REQUEST_ACTION_MIN && l->wish.page <= REQUEST_ACTION_MAX) {
		pass_on(d, l);
		return;
	}
	if (!l->wish.page && !(l->wish.page = own_named(d, l->wish.word))) {
		serve_name(d, l, again);
		return;
	}
	drawing = drawing_for(d, l, again);
	if (drawing) {
		reply_queue_answer(&d->out, l, drawing->state, drawing->sequence, drawing->text,
				   drawing->len);
		self_answer(l->span, 0);
	} else if (!wait_for_it(d, l, d->now_ms + PATIENCE_MS)) {
		answer_text(d, l, PAGE_WARMING, "too many are waiting: ask again\n");
		self_answer(l->span, 1);
	}
}

/* Whether the letter from outside proves itself; otherwise it has been refused. */
static bool proven(struct frontend *d, struct letter *l)
{
	unsigned char address[PEERS_ADDRESS];
	const char *why;

	if (!l->has_head || !d->out.has_key) {
		reply_queue_refuse(&d->out, l, d->out.has_key ? "a key is needed" : "no key here");
		return false;
	}
	if (!l->signed_) {
		reply_queue_refuse(&d->out, l, "not this key");
		return false;
	}
	why = peers_new(&d->peers, &l->head, &(struct peers_time){ d->now_ms, d->real_ms });
	if (why) {
		reply_queue_refuse(&d->out, l, why);
		return false;
	}
	peers_address((const struct sockaddr *)&l->from, address);
	return peers_allow(&d->peers, address, d->now_ms);
}

static void take_letter(struct frontend *d, struct letter *l)
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
		l->signed_ = d->out.has_key && request_signed(l->bytes, l->len, d->out.key);
	} else if (l->len > REPLY_QUEUE_PLAIN_MAX) {
		return;
	}
	/* No word to what is not a request: two servers would answer each other for ever. */
	if (!request_wish(text, strnlen(text, len), &l->wish))
		return;
	/* An action has a key of its own, which only the engine knows. */
	action = l->has_head && l->wish.page >= REQUEST_ACTION_MIN &&
		 l->wish.page <= REQUEST_ACTION_MAX;
	if (l->socket->trusted || action || proven(d, l)) {
		l->span = self_request();
		serve(d, l, false);
	}
}

static void take_letters(struct frontend *d, const struct frontend_socket *socket)
{
	struct letter *letters;
	int n = inbox_take(socket, &letters);

	for (int i = 0; i < n; i++) {
		if (letters[i].len && letters[i].len <= REQUEST_BYTES)
			take_letter(d, &letters[i]);
	}
	reply_queue_flush(&d->out);
}

/* Answers those who have been waiting for a page. */
static void serve_waiting(struct frontend *d, int page, enum output output)
{
	if (output == OUTPUT_OPENMETRICS)
		return;
	for (int i = 0; i < WAITING; i++) {
		struct letter *l = &d->waiting[i];

		bool named = !l->wish.page && page == PAGE_CONTENTS;

		if (l->deadline_ms && !l->id &&
		    (named || (l->wish.page == page && l->wish.json == (output == OUTPUT_JSON)))) {
			l->deadline_ms = 0;
			serve(d, l, true);
		}
	}
	reply_queue_flush(&d->out);
}

/* The engine's answer to an action goes out as it is; none: a refusal. */
static void finish_action(struct frontend *d, const struct ipc_message *m)
{
	for (int i = 0; i < WAITING; i++) {
		struct letter *l = &d->waiting[i];

		if (!l->deadline_ms || !l->id || l->id != m->id)
			continue;
		l->deadline_ms = 0;
		if (m->len && m->len <= REQUEST_PAYLOAD) {
			reply_queue_send(&d->out, l, m->bytes, m->len);
		} else {
			reply_queue_refuse(&d->out, l, "not this key");
		}
		self_answer(l->span, !(m->len && m->len <= REQUEST_PAYLOAD));
		reply_queue_flush(&d->out);
	}
}

static void give_up_waiting(struct frontend *d)
{
	for (int i = 0; i < WAITING; i++) {
		struct letter *l = &d->waiting[i];

		if (!l->deadline_ms || d->now_ms < l->deadline_ms)
			continue;
		l->deadline_ms = 0;
		if (l->id)
			reply_queue_refuse(&d->out, l, "busy: nothing has been done");
		else
			answer_text(d, l, PAGE_WARMING, "busy: ask again\n");
		self_answer(l->span, 1);
	}
	reply_queue_flush(&d->out);
}

static void take_message(struct frontend *d, const struct ipc_message *m)
{
	switch (m->kind) {
	case IPC_PAGE:
		if (page_cache_take(&d->page_cache, m, d->now_ms) != 1)
			break;
		serve_waiting(d, (int)m->page, (enum output)m->output);
		if (d->http)
			http_came(d->http, (int)m->page, (enum output)m->output);
		break;
	case IPC_NAMES:
		if (m->len != OWN_PAGES * IPC_NAME)
			break;
		memcpy(d->names[OWN_FIRST - REQUEST_PAGE_MIN], m->bytes, m->len);
		for (int i = 0; i < PAGE_CACHE_PAGES; i++)
			d->names[i][IPC_NAME - 1] = '\0';
		break;
	case IPC_FORGET:
		page_cache_forget(&d->page_cache, (int)m->page);
		break;
	case IPC_KEY:
		d->out.has_key = m->len == REQUEST_KEY;
		sodium_memzero(d->out.key, sizeof(d->out.key));
		if (d->out.has_key)
			memcpy(d->out.key, m->bytes, REQUEST_KEY);
		break;
	case IPC_TOKEN:
		if (d->http)
			http_token(d->http, m->len == REQUEST_KEY ? m->bytes : NULL);
		break;
	case IPC_ACTION:
		finish_action(d, m);
		break;
	default:
		break;
	}
}

static void listen_to_engine(struct frontend *d)
{
	static struct ipc_message m;
	int ret;

	while ((ret = ipc_take(d->o->ipc, &m)) > 0)
		take_message(d, &m);
	if (ret < 0)
		_exit(0); /* the engine has ended: so do we */
}

static const struct drawing *http_drawing(void *frontend, int page, enum output output, bool again)
{
	struct frontend *d = frontend;

	return page_cache_get(&d->page_cache, page, output, again, d->now_ms);
}

static int http_named(void *frontend, const char *name)
{
	return own_named(frontend, name);
}

/* Everything that needs more than the sandbox leaves. False: *msg says why. */
static bool begin(struct frontend *d, char **msg)
{
	const struct frontend_options *o = d->o;
	const struct http_ops ops = { d, http_drawing, http_named };
	struct peers_time now = { clock_ms(CLOCK_MONOTONIC), clock_ms(CLOCK_REALTIME) };
	uint64_t salt;

	randombytes_buf(&salt, sizeof(salt));
	d->now_ms = now.mono_ms;
	peers_begin(&d->peers, o->rate, &now, salt);
	peers_begin(&d->actions_by, ACTIONS_EACH, &now, salt);
	if (o->http.fd >= 0)
		d->http = http_begin(o->http.fd, o->http.trusted, &ops, o->rate, &now, salt);
	if (o->http.fd >= 0 && !d->http) {
		fail(msg, ENOMEM, "HTTP cannot be begun");
		return false;
	}
	return !sandbox_enter(&o->sandbox, msg);
}

/* Waits until there is something to do: in fds, the sockets first, then the engine. */
static void wait_for_work(struct frontend *d, struct pollfd *fds)
{
	const struct frontend_options *o = d->o;
	int n = 0;

	for (; n < o->n_sockets; n++)
		fds[n] = (struct pollfd){ .fd = o->sockets[n].fd, .events = POLLIN };
	fds[n++] = (struct pollfd){ .fd = o->ipc, .events = POLLIN };
	if (d->http)
		fds[n++] = (struct pollfd){ .fd = http_fd(d->http), .events = POLLIN };
	poll(fds, (nfds_t)n, d->http ? http_due(d->http, TURN_MS) : TURN_MS);
	d->now_ms = clock_ms(CLOCK_MONOTONIC);
	d->real_ms = clock_ms(CLOCK_REALTIME);
	d->out.now_ms = d->now_ms;
	d->out.real_ms = d->real_ms;
}

void frontend_run(const struct frontend_options *o)
{
	static struct frontend d;
	struct pollfd fds[FRONTEND_SOCKETS + 2];
	char *msg = NULL;

	d.o = o;
	d.page_cache.ipc = o->ipc;
	if (!begin(&d, &msg)) {
		dprintf(STDERR_FILENO, "teletap: serve: %s\n", msg ? msg : "not confined");
		_exit(3);
	}
	for (;;) {
		wait_for_work(&d, fds);
		if (fds[o->n_sockets].revents)
			listen_to_engine(&d);
		for (int i = 0; i < o->n_sockets; i++) {
			if (fds[i].revents)
				take_letters(&d, &o->sockets[i]);
		}
		give_up_waiting(&d);
		if (d.http)
			http_run(d.http, d.now_ms);
	}
}
