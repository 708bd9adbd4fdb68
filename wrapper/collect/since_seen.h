/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * since_seen: counters of the kernel, which count since something exists -> since it was seen
 * first, so that what comes into view later brings no past along.
 */
#ifndef TELETAP_COLLECT_SINCE_SEEN_H
#define TELETAP_COLLECT_SINCE_SEEN_H

#include <stddef.h>
#include <stdint.h>

struct seen {
	int64_t key;
	int counter;
	int64_t base, look;
};

/* Zeroed at first; to be freed. */
struct since_seen {
	struct seen *list; /* by key and counter, as far as sorted */
	size_t n, sorted, room;
	int64_t look;
};

/* How much this counter (0, 1...) of key has grown since it was seen first, at least 0. */
int64_t since_seen(struct since_seen *s, int64_t key, int counter, int64_t now);

/* Likewise for what began since the last look: it has no past. */
int64_t since_begun(struct since_seen *s, int64_t key, int counter, int64_t now);

/* A look is over: what was not seen in it is forgotten. */
void since_seen_next(struct since_seen *s);
void since_seen_free(struct since_seen *s);

#endif
