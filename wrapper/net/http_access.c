// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who asks a browser to ask here is refused: by the Host header (a name of somebody else's that
 * leads to this host), and by Sec-Fetch-Site (a page of another site).
 */
#include "net/http_access.h"

#include <microhttpd.h>
#include <sodium.h>
#include <string.h>

#include "net/http_request.h"

static bool may_ask(struct http_access *a, struct MHD_Connection *c, int64_t now_ms)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	unsigned char address[PEERS_ADDRESS];

	if (a->trusted)
		return true;
	if (!info || !info->client_addr)
		return false;
	peers_address(info->client_addr, address);
	return peers_allow(&a->peers, address, now_ms);
}

static const char *header(struct MHD_Connection *c, const char *name)
{
	return MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
}

unsigned http_refused(struct http_access *a, struct MHD_Connection *c, const char *method,
		      int64_t now_ms, const char **why)
{
	const char *site = header(c, "Sec-Fetch-Site");
	unsigned char token[REQUEST_KEY];

	if (strcmp(method, "GET") && strcmp(method, "HEAD")) {
		*why = "GET and HEAD only\n";
		return MHD_HTTP_METHOD_NOT_ALLOWED;
	}
	if (header(c, "Content-Length") || header(c, "Transfer-Encoding")) {
		*why = "a request has no body\n";
		return MHD_HTTP_BAD_REQUEST;
	}
	if (!may_ask(a, c, now_ms)) {
		*why = "too many requests\n";
		return MHD_HTTP_TOO_MANY_REQUESTS;
	}
	if (a->trusted && !http_host_is_here(header(c, "Host"))) {
		*why = "Host: only localhost, 127.0.0.1 and [::1] are served here\n";
		return MHD_HTTP_FORBIDDEN;
	}
	if (site && strcmp(site, "same-origin") && strcmp(site, "none")) {
		*why = "another site has asked for it\n";
		return MHD_HTTP_FORBIDDEN;
	}
	if (!a->trusted && (!a->has_token || !http_bearer(header(c, "Authorization"), token) ||
			    sodium_memcmp(token, a->token, sizeof(token)) != 0)) {
		*why = "a token is needed\n";
		return MHD_HTTP_UNAUTHORIZED;
	}
	return 0;
}
