// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A page may take many datagrams; they are asked for REQUEST_PARTS at a time, from the
 * first one that is missing. When the page is drawn anew meanwhile, its sequence
 * changes and the collecting begins again.
 */
#include "ask.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "address.h"
#include "clock.h"
#include "fail.h"
#include "hatch.h"
#include "quote.h"

#define TRIES 6      /* within the time, as long as nothing comes, */
#define AGAIN_MS 200 /* but not more time than this between two */
#define PARTS_MAX (HATCH_PAGE_MAX / REQUEST_PIECE + 2)
#define NONCES 16 /* answers to so many of the last requests are taken */

struct collect {
	const struct ask *a;
	int fd;
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

/* Waits for datagrams up to until_ms; ends as soon as a burst is complete. */
static int collect_burst(struct collect *c, int64_t until_ms)
{
	unsigned char datagram[REQUEST_PAYLOAD + 1];
	struct pollfd fd = { .fd = c->fd, .events = POLLIN };

	for (;;) {
		int64_t left = until_ms - clock_ms(CLOCK_MONOTONIC);
		ssize_t n;

		if (left <= 0 || poll(&fd, 1, (int)left) <= 0)
			return 0;
		n = recv(c->fd, datagram, sizeof(datagram), MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (n > 0 && n <= REQUEST_PAYLOAD && !take(c, datagram, (size_t)n))
			return -ENOMEM;
		if (c->refusal || complete(c) || (c->there && first_missing(c) >= c->burst))
			return 0;
	}
}

static int collect_page(struct collect *c)
{
	int64_t try = (int64_t)(c->a->timeout * 1000 / TRIES);
	int64_t step = try < AGAIN_MS ?
	try : AGAIN_MS
		;
	int64_t end = clock_ms(CLOCK_MONOTONIC) + (int64_t)(c->a->timeout * 1000);
	int err = 0;

	while (!err && !c->refusal && !complete(c)) {
		int64_t now = clock_ms(CLOCK_MONOTONIC);
		unsigned had = c->have;

		if (now >= end)
			return -ETIMEDOUT;
		err = send_request(c);
		if (!err)
			err = collect_burst(c, now + step < end ? now + step : end);
		if (c->have != had) /* it goes on */
			end = clock_ms(CLOCK_MONOTONIC) + (int64_t)(c->a->timeout * 1000);
	}
	return err;
}

static int open_socket(const struct ask *a, int *fd, char **msg)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM };
	const char *host, *port = REQUEST_PORT;
	char *copy = strdup(a->host);
	struct addrinfo *found = NULL;
	int err;

	if (!copy)
		return -ENOMEM;
	address_split(copy, &host, &port);
	err = getaddrinfo(host, port, &hints, &found);
	free(copy);
	if (err)
		return fail(msg, EHOSTUNREACH, "%s: %s: check the name", a->host,
			    gai_strerror(err));
	*fd = socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	err = *fd < 0 || connect(*fd, found->ai_addr, found->ai_addrlen) ? errno : 0;
	freeaddrinfo(found);
	return err ? fail(msg, err, "%s: %s", a->host, strerror(err)) : 0;
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

int ask_page(const struct ask *a, struct asked *answer, char **msg)
{
	struct collect c = { .a = a, .fd = -1 };
	int err = open_socket(a, &c.fd, msg);

	*answer = (struct asked){ 0 };
	if (err)
		goto out;
	err = collect_page(&c);
	if (c.refusal) {
		err = refused(&c, msg);
	} else if (err == -ECONNREFUSED) {
		fail(msg, ECONNREFUSED, "%s: nobody answers there: 'teletap serve' does", a->host);
	} else if (err == -ETIMEDOUT) {
		fail(msg, ETIMEDOUT, "%s: no answer within %g s%s", a->host, a->timeout,
		     c.have ? ": the page is not complete" : "");
	} else if (err) {
		fail(msg, -err, "%s: %s", a->host, strerror(-err));
	} else {
		answer->len = (size_t)(c.parts - 1) * REQUEST_PIECE + c.last_len;
		answer->state = c.state;
		answer->text = c.text;
		answer->text[answer->len] = '\0';
		c.text = NULL;
	}
out:
	if (c.fd >= 0)
		close(c.fd);
	free(c.there);
	free(c.text);
	free(c.refusal);
	return err;
}
