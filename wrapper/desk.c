// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests are taken and answered in batches. A page that is not on the shelf is asked
 * of the keeper, and the request waits for it, for a while; the keeper answers
 * at once, if only to say that the page is warming up. A page that is on the shelf is
 * handed out without asking; the keeper is told once a second that it is wanted.
 */
#include "desk.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "clock.h"
#include "outbox.h"
#include "own.h"
#include "peers.h"
#include "self.h"
#include "shelf.h"

#define BATCH 64    /* datagrams taken at once */
#define WAITING 256 /* requests that wait for a page */
#define PATIENCE_MS (OWN_MS + 500)
#define TELL_MS 500     /* between two words to the keeper about one page */
#define CONTENTS_MS 500 /* the contents, and pages of the program's own, are drawn anew then */
#define ACTIONS 5.0     /* per second, passed on to the keeper */

struct desk {
	const struct desk_options *o;
	struct shelf shelf;
	struct peers peers;
	struct bucket_of_tokens actions;
	struct letter waiting[WAITING];
	int64_t now_ms, real_ms;
	uint32_t last_id;
	struct outbox out;
};

/* A short answer of our own; text must be copied before the next one. */
static void answer_text(struct desk *d, const struct letter *l, enum page_state state,
			const char *text)
{
	outbox_answer(&d->out, l, state, 0, text, strlen(text));
	outbox_flush(&d->out);
}

static void tell_keeper(struct desk *d, int page)
{
	static struct hatch_message m;
	int64_t *told = &d->shelf.wanted_ms[page - REQUEST_PAGE_MIN];

	if (*told && d->now_ms - *told < TELL_MS)
		return;
	m = (struct hatch_message){ .kind = HATCH_WANT, .page = (uint32_t)page };
	if (!hatch_send(d->o->hatch, &m))
		*told = d->now_ms;
}

/* Keeps the letter until its answer is there; false: no room. */
static bool wait_for_it(struct desk *d, const struct letter *l)
{
	for (int i = 0; i < WAITING; i++) {
		if (!d->waiting[i].deadline_ms) {
			d->waiting[i] = *l;
			d->waiting[i].deadline_ms = d->now_ms + PATIENCE_MS;
			return true;
		}
	}
	return false;
}

/* An action: the keeper alone decides. */
static void pass_on(struct desk *d, struct letter *l)
{
	static struct hatch_message m;

	if (!l->has_head) {
		if (l->socket->trusted)
			answer_text(d, l, PAGE_CANNOT,
				    "actions need a key: 'teletap page --key FILE'\n");
		self_answer(l->span, 1);
		return;
	}
	if (!tokens_take(&d->actions, ACTIONS, d->now_ms)) {
		outbox_refuse(&d->out, l, "too many requests");
		self_answer(l->span, 1);
		return;
	}
	l->id = ++d->last_id;
	m = (struct hatch_message){ .kind = HATCH_ACTION,
				    .page = (uint32_t)l->wish.page,
				    .id = l->id,
				    .len = (uint32_t)l->len };
	memcpy(m.bytes, l->bytes, l->len);
	if (wait_for_it(d, l) && !hatch_send(d->o->hatch, &m))
		return;
	outbox_refuse(&d->out, l, "busy");
	self_answer(l->span, 1);
}

/* A request that may be answered. again: it has been waiting. */
static void serve(struct desk *d, struct letter *l, bool again)
{
	struct drawing *page;
	char text[128];

	if (l->wish.page >= REQUEST_ACTION_MIN && l->wish.page <= REQUEST_ACTION_MAX) {
		pass_on(d, l);
		return;
	}
	if (!l->wish.page) {
		snprintf(text, sizeof(text), "%s: no such page: 255 lists them\n", l->wish.word);
		answer_text(d, l, PAGE_NONE, text);
		self_answer(l->span, 1);
		return;
	}
	page = shelf_at(&d->shelf, l->wish.page, l->wish.json);
	if (page->there && (l->wish.page == PAGE_CONTENTS || own_is(l->wish.page)) && !again &&
	    d->now_ms - page->since_ms > CONTENTS_MS) {
		page->there = false;
		d->shelf.wanted_ms[l->wish.page - REQUEST_PAGE_MIN] = 0;
	}
	if (!again)
		tell_keeper(d, l->wish.page);
	if (page->there) {
		outbox_answer(&d->out, l, page->state, page->sequence, page->text, page->len);
		self_answer(l->span, 0);
	} else if (!wait_for_it(d, l)) {
		answer_text(d, l, PAGE_WARMING, "too many are waiting: ask again\n");
		self_answer(l->span, 1);
	}
}

static void address_of(const struct sockaddr_storage *from, unsigned char out[PEERS_ADDRESS])
{
	memset(out, 0, PEERS_ADDRESS);
	if (from->ss_family == AF_INET)
		memcpy(out, &((const struct sockaddr_in *)from)->sin_addr, 4);
	else if (from->ss_family == AF_INET6) /* a host has a whole /64 */
		memcpy(out, &((const struct sockaddr_in6 *)from)->sin6_addr, 8);
}

/* Whether the letter from outside proves itself; otherwise it has been refused. */
static bool proven(struct desk *d, struct letter *l)
{
	unsigned char address[PEERS_ADDRESS];
	const char *why;

	if (!l->has_head || !d->out.has_key) {
		outbox_refuse(&d->out, l, d->out.has_key ? "a key is needed" : "no key here");
		return false;
	}
	if (!l->signed_) {
		outbox_refuse(&d->out, l, "not this key");
		return false;
	}
	why = peers_new(&d->peers, &l->head, d->real_ms);
	if (why) {
		outbox_refuse(&d->out, l, why);
		return false;
	}
	address_of(&l->from, address);
	return peers_allow(&d->peers, address, d->now_ms);
}

static void take_letter(struct desk *d, struct letter *l)
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
	} else if (l->len > OUTBOX_PLAIN_MAX) {
		return;
	}
	if (!request_wish(text, strnlen(text, len), &l->wish)) {
		l->wish = (struct wish){ 0 };
		if (!l->socket->trusted)
			return;
		answer_text(d, l, PAGE_NONE, "not a request: a page's number or name\n");
		return;
	}
	/* An action has a key of its own, which only the keeper knows. */
	action = l->has_head && l->wish.page >= REQUEST_ACTION_MIN &&
		 l->wish.page <= REQUEST_ACTION_MAX;
	if (l->socket->trusted || action || proven(d, l)) {
		l->span = self_request();
		serve(d, l, false);
	}
}

static void take_letters(struct desk *d, const struct desk_socket *socket)
{
	static struct letter letters[BATCH];
	static struct mmsghdr in[BATCH];
	static struct iovec parts[BATCH];
	int n;

	for (int i = 0; i < BATCH; i++) {
		parts[i] = (struct iovec){ letters[i].bytes, sizeof(letters[i].bytes) };
		in[i].msg_hdr = (struct msghdr){ .msg_name = &letters[i].from,
						 .msg_namelen = sizeof(letters[i].from),
						 .msg_iov = &parts[i],
						 .msg_iovlen = 1 };
	}
	n = recvmmsg(socket->fd, in, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++) {
		letters[i].socket = socket;
		letters[i].from_len = in[i].msg_hdr.msg_namelen;
		letters[i].len = in[i].msg_len;
		if (in[i].msg_len && in[i].msg_len <= REQUEST_BYTES)
			take_letter(d, &letters[i]);
	}
	outbox_flush(&d->out);
}

/* Answers those who have been waiting for a page. */
static void serve_waiting(struct desk *d, int page, bool json)
{
	for (int i = 0; i < WAITING; i++) {
		struct letter *l = &d->waiting[i];

		if (l->deadline_ms && !l->id && l->wish.page == page && l->wish.json == json) {
			l->deadline_ms = 0;
			serve(d, l, true);
		}
	}
	outbox_flush(&d->out);
}

/* The keeper's answer to an action goes out as it is; none: a refusal. */
static void finish_action(struct desk *d, const struct hatch_message *m)
{
	for (int i = 0; i < WAITING; i++) {
		struct letter *l = &d->waiting[i];

		if (!l->deadline_ms || !l->id || l->id != m->id)
			continue;
		l->deadline_ms = 0;
		if (m->len && m->len <= REQUEST_PAYLOAD) {
			outbox_send(&d->out, l, m->bytes, m->len);
		} else {
			outbox_refuse(&d->out, l, "not this key");
		}
		self_answer(l->span, !(m->len && m->len <= REQUEST_PAYLOAD));
		outbox_flush(&d->out);
	}
}

static void give_up_waiting(struct desk *d)
{
	for (int i = 0; i < WAITING; i++) {
		struct letter *l = &d->waiting[i];

		if (!l->deadline_ms || d->now_ms < l->deadline_ms)
			continue;
		l->deadline_ms = 0;
		if (l->id)
			outbox_refuse(&d->out, l, "busy");
		else
			answer_text(d, l, PAGE_WARMING, "busy: ask again\n");
		self_answer(l->span, 1);
	}
	outbox_flush(&d->out);
}

static void take_message(struct desk *d, const struct hatch_message *m)
{
	switch (m->kind) {
	case HATCH_PAGE:
		if (shelf_take(&d->shelf, m, d->now_ms) == 1)
			serve_waiting(d, (int)m->page, m->json);
		break;
	case HATCH_FORGET:
		shelf_forget(&d->shelf, (int)m->page);
		break;
	case HATCH_KEY:
		d->out.has_key = m->len == REQUEST_KEY;
		sodium_memzero(d->out.key, sizeof(d->out.key));
		if (d->out.has_key)
			memcpy(d->out.key, m->bytes, REQUEST_KEY);
		break;
	case HATCH_ACTION:
		finish_action(d, m);
		break;
	default:
		break;
	}
}

static void listen_to_keeper(struct desk *d)
{
	static struct hatch_message m;
	int ret;

	while ((ret = hatch_take(d->o->hatch, &m)) > 0)
		take_message(d, &m);
	if (ret < 0)
		_exit(0); /* the keeper has ended: so do we */
}

void desk_run(const struct desk_options *o)
{
	static struct desk d;
	struct pollfd fds[DESK_SOCKETS + 1];
	char *msg = NULL;
	uint64_t salt;

	d.o = o;
	randombytes_buf(&salt, sizeof(salt));
	peers_begin(&d.peers, o->rate, clock_ms(CLOCK_REALTIME), salt);
	if (confine_enter(&o->confine, &msg)) {
		dprintf(STDERR_FILENO, "teletap: serve: %s\n", msg ? msg : "not confined");
		_exit(3);
	}
	for (int i = 0; i < o->n_sockets; i++)
		fds[i] = (struct pollfd){ .fd = o->sockets[i].fd, .events = POLLIN };
	fds[o->n_sockets] = (struct pollfd){ .fd = o->hatch, .events = POLLIN };
	for (;;) {
		poll(fds, (nfds_t)o->n_sockets + 1, 500);
		d.now_ms = clock_ms(CLOCK_MONOTONIC);
		d.real_ms = clock_ms(CLOCK_REALTIME);
		d.out.now_ms = d.now_ms;
		d.out.real_ms = d.real_ms;
		if (fds[o->n_sockets].revents)
			listen_to_keeper(&d);
		for (int i = 0; i < o->n_sockets; i++) {
			if (fds[i].revents)
				take_letters(&d, &o->sockets[i]);
		}
		give_up_waiting(&d);
	}
}
