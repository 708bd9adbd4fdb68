// SPDX-License-Identifier: GPL-2.0-or-later
#include "net/rate_limit.h"

#include <netinet/in.h>
#include <string.h>

void peers_begin(struct peers *p, double rate, const struct peers_time *now, uint64_t salt)
{
	memset(p, 0, sizeof(*p));
	p->rate = rate;
	p->begin = *now;
	p->salt = salt;
}

bool tokens_take(struct bucket_of_tokens *b, double rate, int64_t now_ms)
{
	b->tokens += (double)(now_ms - b->since_ms) / 1000 * rate;
	b->since_ms = now_ms;
	if (b->tokens > rate)
		b->tokens = rate;
	if (b->tokens < 1)
		return false;
	b->tokens--;
	return true;
}

/* FNV-1a, salted so that nobody can choose what falls together. */
static uint64_t hash(uint64_t salt, const unsigned char *bytes, size_t n)
{
	uint64_t h = 14695981039346656037U ^ salt;

	while (n--)
		h = (h ^ *bytes++) * 1099511628211U;
	return h ^ h >> 32;
}

void peers_address(const struct sockaddr *from, unsigned char out[PEERS_ADDRESS])
{
	memset(out, 0, PEERS_ADDRESS);
	if (from->sa_family == AF_INET)
		memcpy(out, &((const struct sockaddr_in *)from)->sin_addr, 4);
	else if (from->sa_family == AF_INET6)
		memcpy(out, &((const struct sockaddr_in6 *)from)->sin6_addr, 8);
}

bool peers_allow(struct peers *p, const unsigned char address[PEERS_ADDRESS], int64_t now_ms)
{
	struct peer *set = p->peers[hash(p->salt, address, PEERS_ADDRESS) % PEERS_SETS];
	struct peer *oldest = set;

	for (int i = 0; i < PEERS_WAYS; i++) {
		if (!memcmp(set[i].address, address, PEERS_ADDRESS))
			return tokens_take(&set[i].tokens, p->rate, now_ms);
		if (set[i].tokens.since_ms < oldest->tokens.since_ms)
			oldest = &set[i];
	}
	memcpy(oldest->address, address, PEERS_ADDRESS);
	oldest->tokens = (struct bucket_of_tokens){ .tokens = p->rate, .since_ms = now_ms };
	return tokens_take(&oldest->tokens, p->rate, now_ms);
}

bool peers_knows(const struct peers *p, const unsigned char address[PEERS_ADDRESS])
{
	const struct peer *set = p->peers[hash(p->salt, address, PEERS_ADDRESS) % PEERS_SETS];

	for (int i = 0; i < PEERS_WAYS; i++) {
		if (set[i].tokens.since_ms && !memcmp(set[i].address, address, PEERS_ADDRESS))
			return true;
	}
	return false;
}

/*
 * The place of a nonce that has not been seen: in one of two sets, the one with more room, so
 * that the table is nearly full before any set is. NULL, and whether it was seen.
 */
static struct nonce_seen *nonce_place(struct peers *p, const unsigned char *nonce, int64_t real_ms,
				      bool *seen)
{
	uint64_t h = hash(p->salt, nonce, REQUEST_NONCE);
	struct nonce_seen *place = NULL;
	int most = 0;

	*seen = false;
	for (int choice = 0; choice < 2; choice++, h >>= 32) {
		struct nonce_seen *set = p->nonces[h % PEERS_NONCE_SETS], *found = NULL;
		int n = 0;

		for (int i = 0; i < PEERS_NONCE_WAYS; i++) {
			if (set[i].until_ms < real_ms) {
				found = &set[i];
				n++;
			} else if (!memcmp(set[i].nonce, nonce, REQUEST_NONCE)) {
				*seen = true;
				return NULL;
			}
		}
		if (n > most) {
			most = n;
			place = found;
		}
	}
	return place;
}

const char *peers_new(struct peers *p, const struct request_head *head,
		      const struct peers_time *now)
{
	int64_t time_ms = (int64_t)head->time_ms;
	int64_t begin_ms = now->real_ms - (now->mono_ms - p->begin.mono_ms);
	struct nonce_seen *place;
	bool seen;

	/* The clock was set back: so was the beginning. What was seen stays seen. */
	if (begin_ms < p->begin.real_ms)
		p->begin.real_ms = begin_ms;
	if (head->time_ms > INT64_MAX / 2 || time_ms > now->real_ms + REQUEST_WINDOW_MS ||
	    time_ms < now->real_ms - REQUEST_WINDOW_MS)
		return "the clocks differ";
	if (time_ms < p->begin.real_ms)
		return "from before the server's start";
	place = nonce_place(p, head->nonce, now->real_ms, &seen);
	if (!place)
		return seen ? "seen before" : "too many requests";
	memcpy(place->nonce, head->nonce, REQUEST_NONCE);
	place->until_ms = time_ms + REQUEST_WINDOW_MS;
	return NULL;
}
