// SPDX-License-Identifier: GPL-2.0-or-later
#include "peers.h"

#include <string.h>

void peers_begin(struct peers *p, double rate, int64_t begin_ms, uint64_t salt)
{
	memset(p, 0, sizeof(*p));
	p->rate = rate;
	p->begin_ms = begin_ms;
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

const char *peers_new(struct peers *p, const struct request_head *head, int64_t now_ms)
{
	struct nonce_seen *set, *free_one = NULL;
	int64_t time_ms = (int64_t)head->time_ms;

	if (head->time_ms > INT64_MAX / 2 || time_ms > now_ms + REQUEST_WINDOW_MS ||
	    time_ms < now_ms - REQUEST_WINDOW_MS)
		return "the clocks differ";
	if (time_ms < p->begin_ms)
		return "from before the server's start";
	set = p->nonces[hash(p->salt, head->nonce, REQUEST_NONCE) % 4096];
	for (int i = 0; i < 8; i++) {
		if (set[i].until_ms < now_ms)
			free_one = &set[i];
		else if (!memcmp(set[i].nonce, head->nonce, REQUEST_NONCE))
			return "seen before";
	}
	if (!free_one)
		return "too many requests";
	memcpy(free_one->nonce, head->nonce, REQUEST_NONCE);
	free_one->until_ms = time_ms + REQUEST_WINDOW_MS;
	return NULL;
}
