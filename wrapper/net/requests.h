/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * requests: the datagrams that ask the frontend for a page or an action. They are taken and
 * answered in batches. A page that is not in the page cache is asked of the engine, and the
 * request waits for it, for a while; the engine answers at once, if only to say that the page
 * is warming up. A page that is in the page cache is handed out without asking; the engine is
 * told once a second that it is wanted.
 */
#ifndef TELETAP_NET_REQUESTS_H
#define TELETAP_NET_REQUESTS_H

#include "net/ipc.h"
#include "net/page_cache.h"
#include "net/rate_limit.h"
#include "net/reply_queue.h"

#define REQUESTS_WAITING 256 /* for a page */

struct requests {
	struct page_cache *caches; /* one per place */
	int places;
	struct peers peers;
	/*
	 * Only the engine knows who has an action's key. So that those who have none do not
	 * use up everything, each of these has a share of its own.
	 */
	struct bucket_of_tokens actions_here, actions_proven, actions_others;
	struct peers actions_by; /* address */
	struct letter waiting[REQUESTS_WAITING];
	int64_t now_ms, real_ms;
	uint32_t last_id;
	struct reply_queue out;
};

/* The first: rate as in struct frontend_options, salt is random. */
void requests_begin(struct requests *r, double rate, const struct peers_time *now, uint64_t salt);

/* Sets the time of all that follows. */
void requests_now(struct requests *r, int64_t now_ms, int64_t real_ms);

/* Takes the requests that have arrived at a socket. */
void requests_take(struct requests *r, const struct frontend_socket *socket);

/* Answers those who have been waiting for a page. */
void requests_page_came(struct requests *r, int place, int page, enum output output);

/* The engine's answer to an action goes out as it is; none: a refusal. */
void requests_action_done(struct requests *r, const struct ipc_message *m);

/* Does anybody wait for an answer? Who is not served in time is told so. */
bool requests_wait(const struct requests *r);

/* Tells those whose time is up that they have waited in vain. */
void requests_give_up(struct requests *r);

/* The place of a target's name, "" that of none; -1: there is no such target. */
int requests_place(const struct requests *r, const char *target);

#endif
