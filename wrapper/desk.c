// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests are taken and answered in batches. A page that is not on the shelf is asked
 * of the keeper, and the request waits for it, two seconds at most; the keeper answers
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
#include <time.h>
#include <unistd.h>

#include "peers.h"
#include "shelf.h"

#define BATCH 64    /* datagrams taken at once */
#define OUT 256     /* datagrams sent at once */
#define WAITING 256 /* requests that wait for a page */
#define PATIENCE_MS 2000
#define TELL_MS 500    /* between two words to the keeper about one page */
#define CONTENTS_MS 500 /* the contents are drawn anew when they are older */
#define REFUSALS 100.0  /* per second, to all */
#define ACTIONS 5.0     /* per second, passed on to the keeper */
#define PLAIN_MAX 64    /* bytes of a plain request */
#define PLAIN_PARTS 64  /* datagrams of a plain answer */

struct letter { /* a request, and where its answer goes */
	const struct desk_socket *socket;
	struct sockaddr_storage from;
	socklen_t from_len;
	size_t len;
	unsigned char bytes[REQUEST_BYTES + 1];
	/* what has been found out about it */
	bool has_head, signed_;
	struct request_head head;
	struct wish wish;
	int64_t deadline_ms; /* 0: not waiting */
	uint32_t id;         /* of an action */
};

struct desk {
	const struct desk_options *o;
	struct shelf shelf;
	struct peers peers;
	bool has_key;
	unsigned char key[REQUEST_KEY];
	struct bucket_of_tokens refusals, actions;
	struct letter waiting[WAITING];
	int64_t now_ms, real_ms;
	uint32_t last_id;
	/* what is to be sent */
	int n_out, out_socket;
	struct mmsghdr out[OUT];
	struct iovec out_parts[OUT][2];
	struct sockaddr_storage out_to[OUT];
	unsigned char out_bytes[OUT][REQUEST_PAYLOAD]; /* heads, and what is signed */
};

static int64_t clock_ms(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* A datagram that finds no room is lost, as datagrams are. */
static void flush(struct desk *d)
{
	int done = 0;

	while (done < d->n_out) {
		int n = sendmmsg(d->out_socket, d->out + done, (unsigned)(d->n_out - done), 0);

		if (n < 0 && errno == EINTR)
			continue;
		done += n > 0 ? n : 1;
	}
	d->n_out = 0;
}

/* The next datagram to be sent to the letter's writer; its bytes are in out_bytes. */
static int next_out(struct desk *d, const struct letter *l)
{
	int i;

	if (d->n_out == OUT || (d->n_out && d->out_socket != l->socket->fd))
		flush(d);
	i = d->n_out++;
	d->out_socket = l->socket->fd;
	d->out_to[i] = l->from;
	d->out[i].msg_hdr = (struct msghdr){ .msg_name = &d->out_to[i],
					     .msg_namelen = l->from_len,
					     .msg_iov = d->out_parts[i],
					     .msg_iovlen = 2 };
	d->out_parts[i][0] = (struct iovec){ d->out_bytes[i], 0 };
	d->out_parts[i][1] = (struct iovec){ NULL, 0 };
	return i;
}

/* As long as the letter at most. Not too many of them: silence costs less. */
static void refuse(struct desk *d, const struct letter *l, const char *why)
{
	char text[PLAIN_MAX];
	int i, n;

	if (!tokens_take(&d->refusals, REFUSALS, d->now_ms))
		return;
	i = next_out(d, l);
	n = snprintf(text, sizeof(text), "refused: %s\n", why);
	if (l->has_head) {
		struct request_head head = { .what = REQUEST_REFUSAL, .state = PAGE_CANNOT };

		memcpy(head.nonce, l->head.nonce, REQUEST_NONCE);
		request_write(d->out_bytes[i], &head);
		n = n < REQUEST_WISH ? n : REQUEST_WISH;
		memcpy(d->out_bytes[i] + REQUEST_HEAD, text, (size_t)n);
		n += REQUEST_HEAD;
		if (l->signed_)
			request_sign(d->out_bytes[i], (size_t)n, d->key);
	} else {
		if (n > (int)l->len)
			n = (int)l->len;
		memcpy(d->out_bytes[i], text, (size_t)n);
	}
	d->out_parts[i][0].iov_len = (size_t)n;
}

/* In pieces that end where a line does, as far as there is one. */
static void answer_plain(struct desk *d, const struct letter *l, const char *text, size_t len)
{
	for (int part = 0; len && part < PLAIN_PARTS; part++) {
		size_t n = len < REQUEST_PAYLOAD ? len : REQUEST_PAYLOAD;
		const char *end = n < len ? memrchr(text, '\n', n) : NULL;
		int i = next_out(d, l);

		if (end)
			n = (size_t)(end - text) + 1;
		if (part == PLAIN_PARTS - 1 && n < len) {
			static const char more[] = "...: ask with 'teletap page'\n";

			d->out_parts[i][1] = (struct iovec){ (void *)more, sizeof(more) - 1 };
			return;
		}
		d->out_parts[i][1] = (struct iovec){ (void *)text, n };
		text += n;
		len -= n;
	}
}

static void answer_signed(struct desk *d, const struct letter *l, enum page_state state,
			  uint32_t sequence, const char *text, size_t len)
{
	unsigned parts = len ? (unsigned)((len - 1) / REQUEST_PIECE) + 1 : 1;
	unsigned from = l->head.sequence == sequence && l->head.part < parts ? l->head.part : 0;
	unsigned most = l->head.parts < REQUEST_PARTS ? l->head.parts : REQUEST_PARTS;

	for (unsigned part = from; part < parts && part - from < (most ? most : 1); part++) {
		struct request_head head = { .what = REQUEST_ANSWER,
					     .state = state,
					     .part = part,
					     .parts = parts,
					     .page = (unsigned)l->wish.page,
					     .sequence = sequence,
					     .time_ms = (uint64_t)d->real_ms };
		size_t at = (size_t)part * REQUEST_PIECE;
		size_t n = len - at < REQUEST_PIECE ? len - at : REQUEST_PIECE;
		int i = next_out(d, l);

		memcpy(head.nonce, l->head.nonce, REQUEST_NONCE);
		request_write(d->out_bytes[i], &head);
		d->out_parts[i][0].iov_len = REQUEST_HEAD;
		if (l->signed_) {
			memcpy(d->out_bytes[i] + REQUEST_HEAD, text + at, n);
			request_sign(d->out_bytes[i], REQUEST_HEAD + n, d->key);
			d->out_parts[i][0].iov_len += n;
		} else {
			d->out_parts[i][1] = (struct iovec){ (void *)(text + at), n };
		}
	}
}

static void answer(struct desk *d, const struct letter *l, enum page_state state, uint32_t sequence,
		   const char *text, size_t len)
{
	if (l->has_head)
		answer_signed(d, l, state, sequence, text, len);
	else
		answer_plain(d, l, text, len);
}

/* A short answer of our own; text must be copied before the next one. */
static void answer_text(struct desk *d, const struct letter *l, enum page_state state,
			const char *text)
{
	answer(d, l, state, 0, text, strlen(text));
	flush(d);
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
		return;
	}
	if (!tokens_take(&d->actions, ACTIONS, d->now_ms)) {
		refuse(d, l, "too many requests");
		return;
	}
	l->id = ++d->last_id;
	m = (struct hatch_message){ .kind = HATCH_ACTION,
				    .page = (uint32_t)l->wish.page,
				    .id = l->id,
				    .len = (uint32_t)l->len };
	memcpy(m.bytes, l->bytes, l->len);
	if (!wait_for_it(d, l) || hatch_send(d->o->hatch, &m))
		refuse(d, l, "busy");
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
		return;
	}
	page = shelf_at(&d->shelf, l->wish.page, l->wish.json);
	if (page->there && l->wish.page == REQUEST_CONTENTS && !again &&
	    d->now_ms - page->since_ms > CONTENTS_MS) {
		page->there = false;
		d->shelf.wanted_ms[REQUEST_CONTENTS - REQUEST_PAGE_MIN] = 0;
	}
	if (!again)
		tell_keeper(d, l->wish.page);
	if (page->there)
		answer(d, l, page->state, page->sequence, page->text, page->len);
	else if (!wait_for_it(d, l))
		answer_text(d, l, PAGE_WARMING, "too many are waiting: ask again\n");
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

	if (!l->has_head || !d->has_key) {
		refuse(d, l, d->has_key ? "a key is needed" : "no key here");
		return false;
	}
	if (!l->signed_) {
		refuse(d, l, "not this key");
		return false;
	}
	why = peers_new(&d->peers, &l->head, d->real_ms);
	if (why) {
		refuse(d, l, why);
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
	l->signed_ = false;
	if (l->has_head) {
		if (l->len != REQUEST_BYTES || !request_read(l->bytes, l->len, &l->head) ||
		    l->head.what != REQUEST_ASK)
			return;
		text += REQUEST_HEAD;
		len = REQUEST_WISH;
		l->signed_ = d->has_key && request_signed(l->bytes, l->len, d->key);
	} else if (l->len > PLAIN_MAX) {
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
	if (l->socket->trusted || action || proven(d, l))
		serve(d, l, false);
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
	flush(d);
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
	flush(d);
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
			int out = next_out(d, l);

			memcpy(d->out_bytes[out], m->bytes, m->len);
			d->out_parts[out][0].iov_len = m->len;
		} else {
			refuse(d, l, "not this key");
		}
		flush(d);
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
			refuse(d, l, "busy");
		else
			answer_text(d, l, PAGE_WARMING, "busy: ask again\n");
	}
	flush(d);
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
		d->has_key = m->len == REQUEST_KEY;
		sodium_memzero(d->key, sizeof(d->key));
		if (d->has_key)
			memcpy(d->key, m->bytes, REQUEST_KEY);
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
		if (fds[o->n_sockets].revents)
			listen_to_keeper(&d);
		for (int i = 0; i < o->n_sockets; i++) {
			if (fds[i].revents)
				take_letters(&d, &o->sockets[i]);
		}
		give_up_waiting(&d);
	}
}
