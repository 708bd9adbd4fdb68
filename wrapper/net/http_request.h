/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * http_request: what a path asks for, and whether a request may be answered at all. Pure.
 */
#ifndef TELETAP_NET_HTTP_REQUEST_H
#define TELETAP_NET_HTTP_REQUEST_H

#include <stdbool.h>

#include "model/output.h"
#include "net/datagram.h"

enum http_what { HTTP_NOTHING, HTTP_PAGE, HTTP_STYLE, HTTP_SCRIPT, HTTP_GO };

struct http_wish {
	enum http_what what;
	struct wish page;   /* of HTTP_PAGE */
	enum output output; /* likewise; the metrics are page 255 as OPENMETRICS */
	bool html;          /* likewise: in a document for a browser, text otherwise */
};

/*
 * Reads a path: / and /NAME.html for a browser, /NAME text, /NAME.json, /metrics; NAME is a
 * page's number or name. Behind /TARGET they are the target's. False: nothing is there.
 */
bool http_path(const char *path, struct http_wish *wish);

/* Whether a Host header names this host itself; NULL: there is none. */
bool http_host_is_here(const char *host);

/* Reads "Bearer " and a token of 64 hexadecimal digits; false: it is none. NULL: no header. */
bool http_bearer(const char *header, unsigned char token[REQUEST_KEY]);

#endif
