// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A page may take many datagrams; they are asked for REQUEST_PARTS at a time, from the
 * first one that is missing. When the page is drawn anew meanwhile, its sequence
 * changes and the collecting begins again. All hosts are asked at once. A host's addresses
 * are asked one after the other, each a little later than the one before, and right away
 * when that one is not to be reached; the first one that answers is kept.
 */
#include "net/client.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/address.h"
#include "base/clock.h"
#include "base/fail.h"
#include "model/quote.h"
#include "net/ipc.h"

#define TRIES 6      /* within the time, as long as nothing comes, */
#define AGAIN_MS 200 /* but not more time than this between two */
#define PARTS_MAX (IPC_PAGE_MAX / REQUEST_PIECE + 2)
#define NONCES 16   /* answers to so many of the last requests are taken */
#define ADDRESSES 8 /* of a host */
#define NEXT_MS 300 /* an address that does not answer at once is not alone any more */

struct collect { /* from one address */
	const struct ask *a;
	int fd;
	int64_t again_ms, end_ms; /* when to ask again, and when not any more */
	int err;                  /* why there is no answer from there; 0: it may come yet */
	unsigned char nonces[NONCES][REQUEST_NONCE];
	unsigned n_sent;
	uint32_t sequence;
	unsigned parts, have, burst; /* burst: where the present one ends */
	unsigned char *there;        /* by part */
	char *text;
	size_t last_len; /* of the last part */
	enum page_state state;
	char *refusal;
};

static unsigned first_missing(const struct collect *c)
{
	unsigned part = 0;

	while (part < c->parts && c->there[part])
		part++;
	return part;
}

static int send_request(struct collect *c)
{
	unsigned char datagram[REQUEST_BYTES] = { 0 };
	struct request_head head = { .what = REQUEST_ASK,
				     .part = first_missing(c),
				     .parts = REQUEST_PARTS,
				     .sequence = c->sequence,
				     .time_ms = (uint64_t)clock_ms(CLOCK_REALTIME) };

	randombytes_buf(head.nonce, sizeof(head.nonce));
	memcpy(c->nonces[c->n_sent++ % NONCES], head.nonce, REQUEST_NONCE);
	request_write(datagram, &head);
	snprintf((char *)datagram + REQUEST_HEAD, REQUEST_WISH, "%s%s", c->a->wish,
		 c->a->json ? " json" : "");
	if (c->a->key)
		request_sign(datagram, sizeof(datagram), c->a->key);
	c->burst = head.part + REQUEST_PARTS;
	return send(c->fd, datagram, sizeof(datagram), 0) < 0 ? -errno : 0;
}

static bool is_ours(const struct collect *c, const unsigned char *nonce)
{
	for (unsigned i = 0; i < NONCES && i < c->n_sent; i++) {
		if (!memcmp(c->nonces[i], nonce, REQUEST_NONCE))
			return true;
	}
	return false;
}

/* Begins to collect another drawing. */
static bool begin(struct collect *c, const struct request_head *head)
{
	free(c->there);
	free(c->text);
	c->there = calloc(head->parts, 1);
	c->text = malloc((size_t)head->parts * REQUEST_PIECE + 1);
	c->sequence = head->sequence;
	c->parts = head->parts;
	c->burst = REQUEST_PARTS;
	c->have = 0;
	return c->there && c->text;
}

/* Takes a datagram; one that is not an answer to us is passed over. False: no memory. */
static bool take(struct collect *c, const unsigned char *datagram, size_t len)
{
	const unsigned char *piece = datagram + REQUEST_HEAD;
	struct request_head head;

	if (!request_read(datagram, len, &head) || !is_ours(c, head.nonce))
		return true;
	len -= REQUEST_HEAD;
	if (head.what == REQUEST_REFUSAL) {
		free(c->refusal);
		c->refusal = strndup((const char *)piece, len);
		return true;
	}
	if (head.what != REQUEST_ANSWER || !head.parts || head.parts > PARTS_MAX ||
	    head.part >= head.parts || len > REQUEST_PIECE ||
	    (head.part + 1 < head.parts && len != REQUEST_PIECE) ||
	    (c->a->key && !request_signed(datagram, len + REQUEST_HEAD, c->a->key)))
		return true;
	if ((!c->there || head.sequence != c->sequence || head.parts != c->parts) &&
	    !begin(c, &head))
		return false;
	if (c->there[head.part])
		return true;
	c->there[head.part] = 1;
	c->have++;
	c->state = head.state;
	memcpy(c->text + (size_t)head.part * REQUEST_PIECE, piece, len);
	if (head.part + 1 == head.parts)
		c->last_len = len;
	return true;
}

static bool complete(const struct collect *c)
{
	return c->there && c->have == c->parts;
}

struct host {
	const struct ask *a;
	struct addrinfo *found, *next; /* addresses; the next one to be asked */
	struct collect from[ADDRESSES];
	int n;           /* of these */
	int64_t next_ms; /* when to ask that one */
	bool done;
	char *why; /* there is none */
};

/* Takes what has come from an address; whether a burst is complete. */
static bool take_all(struct collect *c)
{
	unsigned char datagram[REQUEST_PAYLOAD + 1];
	unsigned had = c->have;
	ssize_t n;

	for (;;) {
		n = recv(c->fd, datagram, sizeof(datagram), MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		if (n > 0 && n <= REQUEST_PAYLOAD && !take(c, datagram, (size_t)n))
			c->err = -ENOMEM;
		if (c->err || c->refusal || complete(c))
			return true;
	}
	if (errno != EAGAIN)
		c->err = -errno;
	if (c->have != had) /* it goes on */
		c->end_ms = clock_ms(CLOCK_MONOTONIC) + (int64_t)(c->a->timeout * 1000);
	return c->err || (c->there && first_missing(c) >= c->burst);
}

/* Asks, when it is time to. */
static void ask_again(struct collect *c, int64_t now_ms)
{
	int64_t try = (int64_t)(c->a->timeout * 1000 / TRIES);

	if (c->err || c->refusal || complete(c) || now_ms < c->again_ms)
		return;
	if (now_ms >= c->end_ms) {
		c->err = -ETIMEDOUT;
		return;
	}
	c->again_ms = now_ms + (try < AGAIN_MS ? try : AGAIN_MS);
	if (c->again_ms > c->end_ms)
		c->again_ms = c->end_ms;
	c->err = send_request(c);
}

/* The host's next address. */
static void begin_address(struct host *h, int64_t now_ms)
{
	const struct addrinfo *a = h->next;
	struct collect *c = &h->from[h->n];

	h->next = h->n + 1 < ADDRESSES ? a->ai_next : NULL;
	h->next_ms = now_ms + NEXT_MS;
	h->n++;
	*c = (struct collect){ .a = h->a,
			       .end_ms = now_ms + (int64_t)(h->a->timeout * 1000),
			       .fd = socket(a->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
					    0) };
	if (c->fd < 0 || connect(c->fd, a->ai_addr, a->ai_addrlen))
		c->err = -errno;
}

/* The one that has answered, or else the last one that has not. */
static struct collect *best(struct host *h)
{
	for (int i = 0; i < h->n; i++) {
		if (h->from[i].there || h->from[i].refusal)
			return &h->from[i];
	}
	return h->n ? &h->from[h->n - 1] : NULL;
}

/* Goes on with a host; returns when it is to be called again. */
static int64_t step(struct host *h, int64_t now_ms)
{
	int64_t due = INT64_MAX;
	bool waits = false, answered;

	for (;;) {
		struct collect *c = best(h);

		answered = c && (c->there || c->refusal);
		waits = false;
		for (int i = 0; i < h->n; i++) {
			struct collect *one = &h->from[i];

			if (answered && one != c)
				continue;
			ask_again(one, now_ms);
			if (one->err || one->refusal || complete(one))
				continue;
			waits = true;
			due = one->again_ms < due ? one->again_ms : due;
		}
		if (answered || !h->next || (waits && now_ms < h->next_ms))
			break;
		begin_address(h, now_ms);
	}
	if (!answered && h->next && h->next_ms < due)
		due = h->next_ms;
	h->done = !waits;
	return due;
}

static void find(struct host *h, const struct ask *a)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM };
	const char *name, *port = REQUEST_PORT;
	char *copy = strdup(a->host);
	int err;

	h->a = a;
	h->done = true;
	if (!copy)
		return;
	address_split(copy, &name, &port);
	err = getaddrinfo(name, port, &hints, &h->found);
	free(copy);
	h->next = h->found;
	h->done = err != 0;
	if (err)
		fail(&h->why, 0, "%s: %s: check the name", a->host, gai_strerror(err));
}

/* What the server says of a refusal, for people. */
static int refused(const struct collect *c, char **msg)
{
	char *quoted;

	c->refusal[strcspn(c->refusal, "\n")] = '\0';
	quoted = quote_text(c->refusal);
	fail(msg, EACCES, "%s: %s", c->a->host, quoted ? quoted : "refused");
	free(quoted);
	return -EACCES;
}

static void finish(struct host *h, struct asked *answer)
{
	struct collect *c = best(h);

	*answer = (struct asked){ .err = c ? c->err : -EHOSTUNREACH, .why = h->why };
	if (c && c->refusal) {
		answer->err = refused(c, &answer->why);
	} else if (c && c->err == -ECONNREFUSED) {
		fail(&answer->why, 0, "%s: nobody answers there: 'teletap serve' does", h->a->host);
	} else if (c && c->err == -ETIMEDOUT) {
		fail(&answer->why, 0, "%s: no answer within %g s%s", h->a->host, h->a->timeout,
		     c->have ? ": the page is not complete" : "");
	} else if (c && c->err) {
		fail(&answer->why, 0, "%s: %s", h->a->host, strerror(-c->err));
	} else if (c) {
		answer->len = (size_t)(c->parts - 1) * REQUEST_PIECE + c->last_len;
		answer->state = c->state;
		answer->text = c->text;
		answer->text[answer->len] = '\0';
		c->text = NULL;
	}
	for (int i = 0; i < h->n; i++) {
		c = &h->from[i];
		if (c->fd >= 0)
			close(c->fd);
		free(c->there);
		free(c->text);
		free(c->refusal);
	}
	if (h->found)
		freeaddrinfo(h->found);
}

/* Waits for datagrams, until due_ms at most, and takes them. */
static void wait_for_any(struct host *hosts, int n, struct pollfd *fds, int64_t due_ms)
{
	int64_t left = due_ms - clock_ms(CLOCK_MONOTONIC);
	nfds_t used = 0;

	for (int i = 0; i < n * ADDRESSES; i++) {
		const struct host *h = &hosts[i / ADDRESSES];
		const struct collect *c = &h->from[i % ADDRESSES];
		bool open = !h->done && i % ADDRESSES < h->n && !c->err;

		fds[used++] = (struct pollfd){ .fd = open ? c->fd : -1, .events = POLLIN };
	}
	if (poll(fds, used, left < 0 ? 0 : (int)left) <= 0)
		return;
	for (int i = 0; i < n * ADDRESSES; i++) {
		struct collect *c = &hosts[i / ADDRESSES].from[i % ADDRESSES];

		if (fds[i].revents && take_all(c))
			c->again_ms = 0;
	}
}

int ask_pages(const struct ask *asks, int n, struct asked *answers)
{
	struct host *hosts = calloc((size_t)n, sizeof(*hosts));
	struct pollfd *fds = calloc((size_t)n * ADDRESSES, sizeof(*fds));
	bool waits = hosts && fds;
	int ret = waits ? 0 : -ENOMEM;

	for (int i = 0; i < n && !ret; i++)
		find(&hosts[i], &asks[i]);
	while (waits) {
		int64_t now = clock_ms(CLOCK_MONOTONIC), due = INT64_MAX, next;

		waits = false;
		for (int i = 0; i < n; i++) {
			if (hosts[i].done)
				continue;
			next = step(&hosts[i], now);
			due = next < due ? next : due;
			waits |= !hosts[i].done;
		}
		if (waits)
			wait_for_any(hosts, n, fds, due);
	}
	for (int i = 0; i < n && !ret; i++)
		finish(&hosts[i], &answers[i]);
	free(hosts);
	free(fds);
	return ret;
}
