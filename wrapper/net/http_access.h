/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * http_access: who may ask by HTTP.
 */
#ifndef TELETAP_NET_HTTP_ACCESS_H
#define TELETAP_NET_HTTP_ACCESS_H

#include "net/datagram.h"
#include "net/rate_limit.h"

struct MHD_Connection;

struct http_access {
	bool trusted; /* whoever reaches the socket is on this host */
	bool has_token;
	unsigned char token[REQUEST_KEY];
	struct peers peers;
};

/* The status of a refusal, with *why; 0: the request may be answered. now_ms: monotonic. */
unsigned http_refused(struct http_access *a, struct MHD_Connection *c, const char *method,
		      int64_t now_ms, const char **why);

#endif
