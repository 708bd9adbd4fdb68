/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * http: pages by HTTP, in the frontend, by libmicrohttpd without threads: its descriptor is
 * polled with the others. GET and HEAD only. A page that is not there is waited for, as with
 * datagrams. Everything is bounded: connections, their lives, headers, and bytes on their way.
 */
#ifndef TELETAP_NET_HTTP_H
#define TELETAP_NET_HTTP_H

#include "net/http_request.h"
#include "net/page_cache.h"
#include "net/rate_limit.h"

struct http_ops {
	void *frontend;
	/* A page's drawing; NULL: it is to be waited for. again: it has been. */
	const struct drawing *(*drawing)(void *frontend, const struct wish *w, enum output output,
					 bool again);
	/* Completes a wish with its place and page, by name; false: there is none. */
	bool (*find)(void *frontend, struct wish *w);
};

struct http;

/*
 * Begins to serve at a listening socket. trusted: it is this host's own; otherwise a token is
 * needed, and a peer may ask rate times per second. Before the sandbox. NULL: it cannot be.
 */
struct http *http_begin(int fd, bool trusted, const struct http_ops *ops, double rate,
			const struct peers_time *now, uint64_t salt);

/* What is to be polled for reading, and for how many ms at most: -1 while there is no connection.
 */
int http_fd(const struct http *h);
int http_due(const struct http *h);

/* Does what can be done without waiting. */
void http_run(struct http *h, int64_t now_ms);

/* A drawing has come. */
void http_came(struct http *h, int place, int page, enum output output);

/* The token that is needed from now on; NULL: nobody may ask. */
void http_token(struct http *h, const unsigned char *token);

#endif
