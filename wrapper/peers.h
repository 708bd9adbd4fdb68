/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * peers: who may ask how often, and which requests were seen before. Pure; the clocks
 * are passed in. Everything is bounded: a full table refuses.
 */
#ifndef TELETAP_PEERS_H
#define TELETAP_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "request.h"

#define PEERS_SETS 512
#define PEERS_WAYS 4
#define PEERS_ADDRESS 16

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

struct peers {
	uint64_t salt;
	double rate;
	int64_t begin_ms; /* real time: requests from before are old */
	struct peer peers[PEERS_SETS][PEERS_WAYS];
	struct nonce_seen nonces[4096][8];
};

/* begin_ms: the real time now; salt: random. */
void peers_begin(struct peers *p, double rate, int64_t begin_ms, uint64_t salt);

/* Whether this address may ask once more. now_ms: monotonic. */
bool peers_allow(struct peers *p, const unsigned char address[PEERS_ADDRESS], int64_t now_ms);

/*
 * Whether a proven request is new: its time near now_ms (real) and not before the
 * beginning, and its nonce not seen. Returns NULL, or the reason why it is not.
 */
const char *peers_new(struct peers *p, const struct request_head *head, int64_t now_ms);

#endif
