// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * peers: what is remembered of requests, when there are many and when the clock is set. Prints
 * "ok", or what is wrong.
 */
#include <stdio.h>
#include <string.h>

#include "net/rate_limit.h"

#define MANY 40000
#define START 1000000000000

static struct peers peers;
static int wrong;

static void expect(const char *what, const struct request_head *head, int64_t mono, int64_t real,
		   const char *why)
{
	const char *got = peers_new(&peers, head, &(struct peers_time){ mono, real });

	if (!got != !why || (got && strcmp(got, why) != 0)) {
		printf("%s: %s, not %s\n", what, got ? got : "taken", why ? why : "taken");
		wrong++;
	}
}

static struct request_head request(unsigned n, int64_t real)
{
	struct request_head head = { .what = REQUEST_ASK, .time_ms = (uint64_t)real };

	memcpy(head.nonce, &n, sizeof(n));
	return head;
}

int main(void)
{
	struct request_head head;

	peers_begin(&peers, 100, &(struct peers_time){ 1000, START }, 7);
	for (unsigned i = 0; i < MANY; i++) {
		head = request(i, START + i / 4);
		expect("one of many", &head, 1000 + i / 4, START + i / 4, NULL);
	}
	for (unsigned i = 0; i < MANY; i += 100) {
		head = request(i, START + i / 4);
		expect("once more", &head, 11000, START + 10000, "seen before");
	}
	head = request(MANY, START - 1);
	expect("old", &head, 11000, START + 10000, "from before the server's start");
	/* An hour back: those whose clocks were right all the time are heard. */
	head = request(MANY + 1, START - 3600000 + 20000);
	expect("clock set back", &head, 21000, START - 3600000 + 20000, NULL);
	expect("repeated", &head, 21001, START - 3600000 + 20001, "seen before");
	head = request(MANY + 2, START - 3600000 - 1);
	expect("old, clock set back", &head, 21001, START - 3600000 + 20001,
	       "from before the server's start");
	head = request(MANY - 1, START + (MANY - 1) / 4);
	expect("seen, then set back and on", &head, 1000 + 3620000, START + 20000, "seen before");
	if (!wrong)
		puts("ok");
	return wrong != 0;
}
