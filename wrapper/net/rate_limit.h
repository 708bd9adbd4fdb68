/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rate_limit: who may ask how often, and which requests were seen before. Pure; the clocks
 * are passed in. Everything is bounded: a full table refuses.
 */
#ifndef TELETAP_NET_RATE_LIMIT_H
#define TELETAP_NET_RATE_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "net/datagram.h"

#define PEERS_SETS 512
#define PEERS_WAYS 4
#define PEERS_ADDRESS 16
#define PEERS_NONCE_SETS 8192
#define PEERS_NONCE_WAYS 8

/* Allows rate per second on average, and as many at once. */
struct bucket_of_tokens {
	double tokens;
	int64_t since_ms;
};

bool tokens_take(struct bucket_of_tokens *b, double rate, int64_t now_ms);

struct peer {
	unsigned char address[PEERS_ADDRESS];
	struct bucket_of_tokens tokens;
};

struct nonce_seen {
	unsigned char nonce[REQUEST_NONCE];
	int64_t until_ms;
};

/* One moment by both clocks; the real one may be set at any time. */
struct peers_time {
	int64_t mono_ms, real_ms;
};

struct peers {
	uint64_t salt;
	double rate;
	struct peers_time begin; /* requests from before are old */
	struct peer peers[PEERS_SETS][PEERS_WAYS];
	struct nonce_seen nonces[PEERS_NONCE_SETS][PEERS_NONCE_WAYS];
};

/* now: the beginning; salt: random. */
void peers_begin(struct peers *p, double rate, const struct peers_time *now, uint64_t salt);

/* The address of a peer, without its port: for IPv6, that of its network (a host has a /64). */
void peers_address(const struct sockaddr *from, unsigned char out[PEERS_ADDRESS]);

/* Whether this address may ask once more. now_ms: monotonic. */
bool peers_allow(struct peers *p, const unsigned char address[PEERS_ADDRESS], int64_t now_ms);

/* Whether it has asked before, and not too many others since. */
bool peers_knows(const struct peers *p, const unsigned char address[PEERS_ADDRESS]);

/*
 * Whether a proven request is new: its time near now (real) and not before the
 * beginning, and its nonce not seen. Returns NULL, or the reason why it is not.
 */
const char *peers_new(struct peers *p, const struct request_head *head,
		      const struct peers_time *now);

#endif
