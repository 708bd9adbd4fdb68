// SPDX-License-Identifier: GPL-2.0-or-later
/* One poll for the sockets, HTTP and the engine; what has come is handed on. */
#include "net/frontend.h"

#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fail.h"
#include "net/http.h"
#include "net/requests.h"
#include "source/program_pages.h"

#define TURN_MS 500 /* how often it is seen whose time is up */

struct frontend {
	const struct frontend_options *o;
	struct requests requests;
	struct http *http; /* NULL: not wanted */
};

static void take_message(struct frontend *d, const struct ipc_message *m)
{
	int place = m->place < (uint32_t)d->requests.places ? (int)m->place : 0;
	struct page_cache *cache = &d->requests.caches[place];

	switch (m->kind) {
	case IPC_PAGE:
		if (page_cache_take(cache, m, d->requests.now_ms) != 1)
			break;
		requests_page_came(&d->requests, place, (int)m->page, (enum output)m->output);
		if (d->http)
			http_came(d->http, place, (int)m->page, (enum output)m->output);
		break;
	case IPC_NAMES:
		if (m->len != OWN_PAGES * IPC_NAME)
			break;
		memcpy(cache->names[OWN_FIRST - REQUEST_PAGE_MIN], m->bytes, m->len);
		for (int i = 0; i < PAGE_CACHE_PAGES; i++)
			cache->names[i][IPC_NAME - 1] = '\0';
		break;
	case IPC_FORGET:
		page_cache_forget(cache, (int)m->page, d->requests.now_ms);
		break;
	case IPC_KEY:
		d->requests.out.has_key = m->len == REQUEST_KEY;
		sodium_memzero(d->requests.out.key, sizeof(d->requests.out.key));
		if (d->requests.out.has_key)
			memcpy(d->requests.out.key, m->bytes, REQUEST_KEY);
		break;
	case IPC_TOKEN:
		if (d->http)
			http_token(d->http, m->len == REQUEST_KEY ? m->bytes : NULL);
		break;
	case IPC_ACTION:
		requests_action_done(&d->requests, m);
		break;
	default:
		break;
	}
}

static void listen_to_engine(struct frontend *d)
{
	static struct ipc_message m;
	int ret;

	while ((ret = ipc_take(d->o->ipc, &m)) > 0)
		take_message(d, &m);
	if (ret < 0)
		_exit(0); /* the engine has ended: so do we */
}

static const struct drawing *http_drawing(void *frontend, const struct wish *w, enum output output,
					  bool again)
{
	struct frontend *d = frontend;

	return page_cache_get(&d->requests.caches[w->place], w->page, output, again,
			      d->requests.now_ms);
}

static bool http_find(void *frontend, struct wish *w)
{
	struct frontend *d = frontend;

	w->place = requests_place(&d->requests, w->target);
	if (w->place >= 0 && !w->page)
		w->page = page_cache_named(&d->requests.caches[w->place], w->word);
	return w->place >= 0 && w->page;
}

/* A cache for each place; the names of the targets stay where they are. */
static bool make_caches(struct requests *r, const struct frontend_options *o)
{
	r->places = 1 + o->n_targets;
	r->caches = calloc((size_t)r->places, sizeof(*r->caches));
	for (int i = 0; r->caches && i < r->places; i++) {
		r->caches[i].ipc = o->ipc;
		r->caches[i].place = (uint32_t)i;
		r->caches[i].target = i ? o->targets[i - 1] : "";
	}
	return r->caches;
}

/* Everything that needs more than the sandbox leaves. False: *msg says why. */
static bool begin(struct frontend *d, char **msg)
{
	const struct frontend_options *o = d->o;
	const struct http_ops ops = { d, http_drawing, http_find };
	struct peers_time now = { clock_ms(CLOCK_MONOTONIC), clock_ms(CLOCK_REALTIME) };
	uint64_t salt;

	if (!make_caches(&d->requests, o)) {
		fail(msg, ENOMEM, "%s", strerror(ENOMEM));
		return false;
	}
	randombytes_buf(&salt, sizeof(salt));
	requests_begin(&d->requests, o->rate, &now, salt);
	if (o->http.fd >= 0)
		d->http = http_begin(o->http.fd, o->http.trusted, &ops, o->rate, &now, salt);
	if (o->http.fd >= 0 && !d->http) {
		fail(msg, ENOMEM, "HTTP cannot be begun");
		return false;
	}
	return !sandbox_enter(&o->sandbox, msg);
}

/* For how many ms nothing is due; -1: for ever. */
static int due(const struct frontend *d)
{
	int http = d->http ? http_due(d->http) : -1;

	return http < 0 && requests_wait(&d->requests) ? TURN_MS : http;
}

/* Waits until there is something to do: in fds, the sockets first, then the engine. */
static void wait_for_work(struct frontend *d, struct pollfd *fds)
{
	const struct frontend_options *o = d->o;
	int n = 0;

	for (; n < o->n_sockets; n++)
		fds[n] = (struct pollfd){ .fd = o->sockets[n].fd, .events = POLLIN };
	fds[n++] = (struct pollfd){ .fd = o->ipc, .events = POLLIN };
	if (d->http)
		fds[n++] = (struct pollfd){ .fd = http_fd(d->http), .events = POLLIN };
	poll(fds, (nfds_t)n, due(d));
	requests_now(&d->requests, clock_ms(CLOCK_MONOTONIC), clock_ms(CLOCK_REALTIME));
}

void frontend_run(const struct frontend_options *o)
{
	static struct frontend d;
	struct pollfd fds[FRONTEND_SOCKETS + 2];
	char *msg = NULL;

	d.o = o;
	if (!begin(&d, &msg)) {
		dprintf(STDERR_FILENO, "teletap: serve: %s\n", msg ? msg : "not confined");
		_exit(3);
	}
	for (;;) {
		wait_for_work(&d, fds);
		if (fds[o->n_sockets].revents)
			listen_to_engine(&d);
		for (int i = 0; i < o->n_sockets; i++) {
			if (fds[i].revents)
				requests_take(&d.requests, &o->sockets[i]);
		}
		requests_give_up(&d.requests);
		if (d.http)
			http_run(d.http, d.requests.now_ms);
	}
}
