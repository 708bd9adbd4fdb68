// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A connection that is not of use gives way: when there are many, the one that has been longest
 * without a whole request; none lives longer than LIFE_MS, whatever it does. So clients that send
 * or read slowly take no place from the others.
 */
#include "net/http.h"

#include <microhttpd.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "net/http_access.h"
#include "net/http_page.h"
#include "pages/page.h"
#include "source/program_pages.h"

#define CONNECTIONS 256
#define CROWD 192 /* connections; then they give way */
#define IDLE_S 10
#define LIFE_MS 60000
#define MEMORY 8192          /* bytes of a connection for its headers */
#define BYTES_MAX (64 << 20) /* of answers on their way */
#define TURN_MS 500          /* how often it is seen whose time is up */
#define PATIENCE_MS (OWN_MS + 500)

/* A connection, and its present request. */
struct visit {
	struct MHD_Connection *connection; /* NULL: none is here */
	int fd;
	int64_t since_ms, asked_ms; /* since it is there; since its last request */
	bool counted, begun, waiting;
	struct http_wish wish;
	int64_t until_ms; /* of waiting */
	size_t bytes;     /* of the answer */
};

struct http {
	struct MHD_Daemon *daemon;
	struct http_ops ops;
	struct http_access access;
	struct visit visits[CONNECTIONS];
	int n;
	int64_t now_ms;
	size_t bytes;
};

/* ---- answers ---- */

static const char *type_of(const struct http_wish *w)
{
	switch (w->what) {
	case HTTP_STYLE:
		return "text/css; charset=utf-8";
	case HTTP_SCRIPT:
		return "text/javascript; charset=utf-8";
	default:
		return w->html                    ? "text/html; charset=utf-8"
		       : w->output == OUTPUT_JSON ? "application/json"
		       : w->output == OUTPUT_OPENMETRICS
			       ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
			       : "text/plain; charset=utf-8";
	}
}

/* Takes the response. */
static enum MHD_Result queue(struct MHD_Connection *c, unsigned status, struct MHD_Response *r,
			     const char *type)
{
	static const char *const headers[][2] = {
		{ "Content-Security-Policy",
		  "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
		  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'" },
		{ "X-Content-Type-Options", "nosniff" },
		{ "Cross-Origin-Resource-Policy", "same-origin" },
		{ "Referrer-Policy", "no-referrer" },
		{ "Cache-Control", "no-store" },
	};
	enum MHD_Result ret;

	if (!r)
		return MHD_NO;
	MHD_add_response_header(r, "Content-Type", type);
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		MHD_add_response_header(r, headers[i][0], headers[i][1]);
	if (status == MHD_HTTP_SERVICE_UNAVAILABLE)
		MHD_add_response_header(r, "Retry-After", "3");
	if (status == MHD_HTTP_UNAUTHORIZED)
		MHD_add_response_header(r, "WWW-Authenticate", "Bearer");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(r, "Allow", "GET, HEAD");
	/* There may be bytes behind it that were no part of a request. */
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED || status == MHD_HTTP_BAD_REQUEST)
		MHD_add_response_header(r, "Connection", "close");
	ret = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return ret;
}

static enum MHD_Result say_status(struct MHD_Connection *c, unsigned status, const char *text)
{
	return queue(
		c, status,
		MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_MUST_COPY),
		"text/plain; charset=utf-8");
}

static unsigned status_of(enum page_state state)
{
	return state == PAGE_NONE                          ? MHD_HTTP_NOT_FOUND
	       : state == PAGE_LIVE || state == PAGE_ENDED ? MHD_HTTP_OK
							   : MHD_HTTP_SERVICE_UNAVAILABLE;
}

/* Only so many bytes are on their way: there may be many who read slowly. */
static enum MHD_Result answer_page(struct http *h, struct visit *v, const struct drawing *d)
{
	const struct http_wish *w = &v->wish;
	char *document =
		w->html ? http_page(&w->page, d->text, d->len, d->state == PAGE_WARMING) : NULL;
	size_t len = document ? strlen(document) : d->len;
	struct MHD_Response *r;

	if ((w->html && !document) || !d->len || len > BYTES_MAX - h->bytes) {
		free(document);
		return say_status(v->connection, MHD_HTTP_SERVICE_UNAVAILABLE, "busy: ask again\n");
	}
	r = document ? MHD_create_response_from_buffer(len, document, MHD_RESPMEM_MUST_FREE)
		     : MHD_create_response_from_buffer(len, d->text, MHD_RESPMEM_MUST_COPY);
	v->bytes = r ? len : 0;
	h->bytes += v->bytes;
	return queue(v->connection, status_of(d->state), r, type_of(w));
}

static enum MHD_Result say_none(struct visit *v)
{
	return say_status(v->connection, MHD_HTTP_NOT_FOUND, "no such page: 255 lists them\n");
}

/* To the page that was typed in. */
static enum MHD_Result go(struct http *h, struct visit *v)
{
	const char *word =
		MHD_lookup_connection_value(v->connection, MHD_GET_ARGUMENT_KIND, "page");
	struct MHD_Response *r;
	struct wish wish;
	char where[64];

	if (!word || !request_wish(word, strlen(word), &wish))
		return say_none(v);
	if (!*wish.target)
		memcpy(wish.target, v->wish.page.target, sizeof(wish.target));
	if (!h->ops.find(h->ops.frontend, &wish))
		return say_none(v);
	snprintf(where, sizeof(where), "%s%s/%d.html", *wish.target ? "/" : "", wish.target,
		 wish.page);
	r = MHD_create_response_from_buffer(0, "", MHD_RESPMEM_PERSISTENT);
	if (r)
		MHD_add_response_header(r, "Location", where);
	return queue(v->connection, MHD_HTTP_SEE_OTHER, r, "text/plain");
}

static enum MHD_Result answer_static(struct visit *v)
{
	const char *text = v->wish.what == HTTP_STYLE ? http_style : http_script;

	return queue(
		v->connection, MHD_HTTP_OK,
		MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_PERSISTENT),
		type_of(&v->wish));
}

/* again: it has been waiting. */
static enum MHD_Result serve(struct http *h, struct visit *v, bool again)
{
	struct wish *page = &v->wish.page;
	const struct drawing *d;

	if (v->wish.what == HTTP_STYLE || v->wish.what == HTTP_SCRIPT)
		return answer_static(v);
	if (v->wish.what == HTTP_GO)
		return go(h, v);
	if (!h->ops.find(h->ops.frontend, page))
		return say_none(v);
	d = h->ops.drawing(h->ops.frontend, page, v->wish.output, again);
	if (d)
		return answer_page(h, v, d);
	if (!again)
		v->until_ms = h->now_ms + PATIENCE_MS;
	if (h->now_ms >= v->until_ms)
		return say_status(v->connection, MHD_HTTP_SERVICE_UNAVAILABLE, "busy: ask again\n");
	v->waiting = true;
	MHD_suspend_connection(v->connection);
	return MHD_YES;
}

/* ---- connections ---- */

/* Nothing that is served has a name with %. */
static size_t keep_escapes(void *cls, struct MHD_Connection *c, char *text)
{
	(void)cls, (void)c;
	return strlen(text);
}

static struct visit *visit_of(struct http *h, const struct MHD_Connection *c)
{
	for (int i = 0; i < CONNECTIONS; i++) {
		if (h->visits[i].connection == c)
			return &h->visits[i];
	}
	return NULL;
}

static enum MHD_Result take(void *cls, struct MHD_Connection *c, const char *url,
			    const char *method, const char *version, const char *data,
			    size_t *data_len, void **seen)
{
	struct http *h = cls;
	struct visit *v = visit_of(h, c);
	const char *why;
	unsigned status;

	(void)version, (void)data, (void)data_len;
	if (!v)
		return MHD_NO;
	if (*seen) { /* the whole request is there; or it has been waiting */
		bool again = v->begun;

		v->begun = true;
		return serve(h, v, again);
	}
	*seen = v;
	v->begun = false;
	v->asked_ms = h->now_ms;
	status = http_refused(&h->access, c, method, h->now_ms, &why);
	if (status)
		return say_status(c, status, why);
	if (!http_path(url, &v->wish))
		return say_none(v);
	return MHD_YES;
}

static void completed(void *cls, struct MHD_Connection *c, void **seen,
		      enum MHD_RequestTerminationCode code)
{
	struct http *h = cls;
	struct visit *v = visit_of(h, c);

	(void)seen, (void)code;
	if (!v)
		return;
	h->bytes -= v->bytes;
	v->bytes = 0;
	v->waiting = false;
}

static void drop(struct visit *v)
{
	if (!v->waiting)
		shutdown(v->fd, SHUT_RDWR);
}

/* The one that has been longest without a request makes room. */
static void make_room(struct http *h)
{
	struct visit *oldest = NULL;

	for (int i = 0; i < CONNECTIONS; i++) {
		struct visit *v = &h->visits[i];

		if (v->connection && v->counted && !v->waiting &&
		    (!oldest || v->asked_ms < oldest->asked_ms))
			oldest = v;
	}
	if (!oldest)
		return;
	oldest->counted = false; /* it is on its way out */
	h->n--;
	drop(oldest);
}

static void come_and_go(void *cls, struct MHD_Connection *c, void **context,
			enum MHD_ConnectionNotificationCode code)
{
	struct http *h = cls;
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct visit *v = visit_of(h, code == MHD_CONNECTION_NOTIFY_STARTED ? NULL : c);

	(void)context;
	if (!v || !info)
		return;
	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		h->n -= v->counted;
		h->bytes -= v->bytes;
		*v = (struct visit){ 0 };
		return;
	}
	*v = (struct visit){ .connection = c,
			     .fd = info->connect_fd,
			     .since_ms = h->now_ms,
			     .asked_ms = h->now_ms,
			     .counted = true };
	if (++h->n > CROWD)
		make_room(h);
}

/* ---- for the frontend ---- */

struct http *http_begin(int fd, bool trusted, const struct http_ops *ops, double rate,
			const struct peers_time *now, uint64_t salt)
{
	struct http *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->ops = *ops;
	h->access.trusted = trusted;
	peers_begin(&h->access.peers, rate, now, salt);
	h->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, take, h,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)MEMORY, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_UNESCAPE_CALLBACK,
		keep_escapes, NULL, MHD_OPTION_NOTIFY_COMPLETED, completed, h,
		MHD_OPTION_NOTIFY_CONNECTION, come_and_go, h, MHD_OPTION_END);
	if (h->daemon)
		return h;
	free(h);
	return NULL;
}

int http_fd(const struct http *h)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);

	return info ? info->epoll_fd : -1;
}

int http_due(const struct http *h)
{
	MHD_UNSIGNED_LONG_LONG ms;
	int due = -1;

	for (int i = 0; i < CONNECTIONS && due < 0; i++) {
		if (h->visits[i].connection)
			due = TURN_MS;
	}
	if (MHD_get_timeout(h->daemon, &ms) == MHD_YES)
		due = ms < TURN_MS ? (int)ms : TURN_MS;
	return due;
}

static void resume(struct visit *v)
{
	v->waiting = false;
	MHD_resume_connection(v->connection);
}

void http_run(struct http *h, int64_t now_ms)
{
	h->now_ms = now_ms;
	for (int i = 0; i < CONNECTIONS; i++) {
		struct visit *v = &h->visits[i];

		if (v->connection && v->waiting && now_ms >= v->until_ms)
			resume(v);
		else if (v->connection && now_ms - v->since_ms > LIFE_MS)
			drop(v);
	}
	MHD_run(h->daemon);
}

void http_came(struct http *h, int place, int page, enum output output)
{
	for (int i = 0; i < CONNECTIONS; i++) {
		struct visit *v = &h->visits[i];

		if (v->connection && v->waiting && v->wish.page.place == place &&
		    v->wish.page.page == page && v->wish.output == output)
			resume(v);
	}
}

void http_token(struct http *h, const unsigned char *token)
{
	sodium_memzero(h->access.token, sizeof(h->access.token));
	h->access.has_token = token;
	if (token)
		memcpy(h->access.token, token, sizeof(h->access.token));
}
