// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes what anybody may send by HTTP: bytes go over a socket into net/http.c and the library
 * below it, as in the frontend; the same bytes are a path, a header and a page's text. Besides
 * what the sanitizers see, what net/http_request.h promises is checked, and that a page's text
 * opens no element of its document.
 */
// with: wrapper/net/{datagram,http,http_access,http_page,http_request,rate_limit}.c
// with: wrapper/base/address.c wrapper/{model,pages,render}/*.c
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/http.h"
#include "net/http_page.h"

#define TURNS 64 /* of the server, for one request */

static struct drawing drawn = { .state = PAGE_LIVE, .there = true };
static int64_t now_ms = 1000;

/* Pages with odd numbers are waited for, and never come. */
static const struct drawing *draw(void *frontend, const struct wish *w, enum output output,
				  bool again)
{
	(void)frontend, (void)again;
	assert(w->page >= REQUEST_PAGE_MIN && w->page <= REQUEST_PAGE_MAX);
	assert(w->page < REQUEST_ACTION_MIN || w->page > REQUEST_ACTION_MAX);
	assert(output <= OUTPUT_OPENMETRICS);
	return w->page % 2 && w->page != 255 ? NULL : &drawn;
}

static bool find(void *frontend, struct wish *w)
{
	(void)frontend;
	assert(!*w->target || request_is_name(w->target, sizeof(w->target)));
	w->page = w->page ? w->page : 210;
	return true;
}

static void path_check(const char *text)
{
	struct http_wish w = { 0 };
	unsigned char token[REQUEST_KEY];

	http_host_is_here(text);
	if (http_bearer(text, token))
		assert(strlen(text) == strlen("Bearer ") + 2 * REQUEST_KEY);
	if (!http_path(text, &w) || w.what != HTTP_PAGE)
		return;
	assert(*text == '/' && w.page.code < 0 && !w.page.json);
	assert(w.page.page < REQUEST_ACTION_MIN || w.page.page > REQUEST_ACTION_MAX);
}

/* Between its tags there is nothing but links. */
static void document_check(const char *text, size_t len, int page)
{
	struct wish w = { .page = page, .code = -1 };
	char *document = http_page(&w, text, len, false), *at, *end;

	assert(document);
	at = strstr(document, "<pre");
	end = strstr(document, "</pre></main>");
	assert(at && end && !strstr(end + 1, "</pre>"));
	while ((at = memchr(at + 1, '<', (size_t)(end - at - 1))))
		assert(!strncmp(at, "<a href=\"/", 10) || !strncmp(at, "</a>", 4));
	free(document);
}

static int listen_at(struct sockaddr_un *at)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	at->sun_family = AF_UNIX;
	snprintf(at->sun_path + 1, sizeof(at->sun_path) - 1, "teletap-fuzz-%d", (int)getpid());
	if (fd < 0 || bind(fd, (struct sockaddr *)at, sizeof(*at)) || listen(fd, 8))
		abort();
	return fd;
}

/* One connection: the bytes, and what is answered, until it is closed or waits. */
static void talk(const unsigned char *data, size_t size)
{
	static const struct http_ops ops = { NULL, draw, find };
	static const struct peers_time begin = { 1000, 1000 };
	static struct sockaddr_un at;
	static struct http *h;
	char answer[4096];
	ssize_t n = -1;
	int fd;

	if (!h)
		h = http_begin(listen_at(&at), true, &ops, 100, &begin, 7);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (!h || fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)))
		abort();
	send(fd, data, size, MSG_NOSIGNAL);
	shutdown(fd, SHUT_WR);
	for (int i = 0; i < TURNS && n; i++) {
		http_run(h, now_ms += 50);
		while ((n = recv(fd, answer, sizeof(answer), 0)) > 0)
			;
	}
	close(fd);
	http_run(h, now_ms);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	char *text = malloc(size + 1);

	memcpy(text, data, size);
	text[size] = '\0';
	path_check(text);
	document_check(text, strlen(text), 210);
	document_check(text, strlen(text), 255);
	drawn.text = text;
	drawn.len = size;
	talk(data, size);
	free(text);
	return 0;
}
