/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ring: the flight recorder that include/teletap.h keeps in a program -> its lines. Pure:
 * bytes in, lines out; whoever reads the bytes (ring_read.c) is another file.
 *
 * The bytes come from a program or a file that may be broken or out to do harm, and
 * while it writes them. The header must make sense as a whole, and each line stands and
 * falls by itself.
 */
#ifndef TELETAP_COLLECT_RING_H
#define TELETAP_COLLECT_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/ring_kind.h"

#define RING_PROVIDER 41
#define RING_PROVIDERS 256
#define RING_TEXTS 3
#define RING_BYTES_MAX (16 * 1024 * 1024) /* as teletap.h has it; of all rings of a process */

struct ring_line {
	int64_t ticket;  /* counts the lane's lines; there may be gaps */
	int64_t time_ns; /* since 1970 */
	int pid, tid;
	enum ring_kind kind;
	int level;
	bool cut;                      /* the program had more to say */
	const char *texts[RING_TEXTS]; /* as written, any bytes but NUL; "" where missing */
};

/* What texts point into. */
struct ring_bytes {
	struct ring_bytes *next;
	char data[];
};

struct ring {
	int pid; /* of the process that began it */
	int64_t start_ns;
	char provider[RING_PROVIDERS];       /* of several rings: "one, other" */
	int left_out;                        /* other rings of the process, not in here */
	int64_t torn;                        /* lines with a wrong check, or without sense */
	int64_t busy;                        /* lines that were being written */
	int64_t lost;                        /* lines for which the program found no slot */
	struct ring_line *lines[RING_LANES]; /* in the order in which they were begun */
	size_t n_lines[RING_LANES];
	struct ring_bytes *bytes;
};

/*
 * Parses two readings of the same size bytes, one after the other: a line counts when
 * it was complete in one of them, as its own check tells. A line that was complete in
 * neither is busy when it changed in between, and torn when it did not. Both may be the
 * same. Returns 0 (to be released with ring_free), or -errno with *msg set: -EBADMSG
 * when this is no ring, or one of another version.
 */
int ring_parse(struct ring *r, const void *first, const void *second, size_t size, char **msg);

/* The same of two readings that lie one behind the other in bytes, which it takes over. */
int ring_parse_own(struct ring *r, struct ring_bytes *bytes, size_t size, char **msg);

/*
 * Moves the lines of another ring of the same process into r, in order of their times.
 * Tickets count them all. Returns 0, or -ENOMEM: then nothing has changed.
 */
int ring_merge(struct ring *r, struct ring *other);

void ring_free(struct ring *r);

/* Whether the bytes begin like a ring. */
bool ring_present(const void *bytes, size_t size);

#endif
