// SPDX-License-Identifier: GPL-2.0-or-later
#include "net/http_request.h"

#include <arpa/inet.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/address.h"
#include "pages/page.h"

#define PATH 64 /* a longer one names nothing */

/* Cuts an end off; false: it is not there. */
static bool cut_end(char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	if (n <= m || strcmp(text + n - m, end))
		return false;
	text[n - m] = '\0';
	return true;
}

bool http_path(const char *path, struct http_wish *w)
{
	static const struct {
		const char *path;
		struct http_wish wish;
	} known[] = {
		{ "/", { HTTP_PAGE, { .page = PAGE_CONTENTS, .code = -1 }, OUTPUT_TEXT, true } },
		{ "/metrics",
		  { HTTP_PAGE, { .page = PAGE_CONTENTS, .code = -1 }, OUTPUT_OPENMETRICS, false } },
		{ "/teletap.css", { .what = HTTP_STYLE } },
		{ "/teletap.js", { .what = HTTP_SCRIPT } },
		{ "/go", { .what = HTTP_GO } },
	};
	char name[PATH], *last;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!strcmp(path, known[i].path)) {
			*w = known[i].wish;
			return true;
		}
	}
	*w = (struct http_wish){ .what = HTTP_PAGE };
	if (*path != '/' || !path[1] || strlen(path) > sizeof(name) || strpbrk(path + 1, " \t\r\n"))
		return false;
	memcpy(name, path + 1, strlen(path));
	last = strchr(name, '/');
	if (last && !strcmp(last, "/go")) {
		w->what = HTTP_GO;
		last[1] = '\0';
	} else if (cut_end(name, ".json")) {
		w->output = OUTPUT_JSON;
	} else {
		w->html = cut_end(name, ".html") || (last && !last[1]);
	}
	/* Actions are not to be had: a browser can be made to ask for anything. */
	return request_wish(name, strlen(name), &w->page) && w->page.code < 0 && !w->page.json &&
	       (w->page.page < REQUEST_ACTION_MIN || w->page.page > REQUEST_ACTION_MAX);
}

bool http_host_is_here(const char *host)
{
	char copy[64];
	const char *name, *port = "80";
	unsigned char address[16];

	if (!host || !*host || strlen(host) >= sizeof(copy))
		return false;
	memcpy(copy, host, strlen(host) + 1);
	address_split(copy, &name, &port);
	if (!*port || strspn(port, "0123456789") != strlen(port))
		return false;
	return !strcasecmp(name, "localhost") ||
	       (inet_pton(AF_INET, name, address) == 1 && address[0] == 127) ||
	       (*host == '[' && !strcmp(name, "::1"));
}

bool http_bearer(const char *header, unsigned char token[REQUEST_KEY])
{
	static const char scheme[] = "Bearer ";
	size_t n;

	return header && !strncasecmp(header, scheme, strlen(scheme)) &&
	       strlen(header) == strlen(scheme) + 2 * REQUEST_KEY &&
	       !sodium_hex2bin(token, REQUEST_KEY, header + strlen(scheme), 2 * REQUEST_KEY, NULL,
			       &n, NULL) &&
	       n == REQUEST_KEY;
}
