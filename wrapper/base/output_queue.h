/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * output_queue: text -> a descriptor whose reader may be slow, or stopped. Text that the
 * descriptor has no room for waits here, so that the writer never blocks.
 */
#ifndef TELETAP_BASE_OUTPUT_QUEUE_H
#define TELETAP_BASE_OUTPUT_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#define OUTLET_GRACE_MS 2000 /* for a reader, once we are to end */

struct outlet {
	int fd, own; /* own: to be closed; -1: none */
	char *text;
	size_t len, at; /* what is before at has been written */
};

/*
 * Begins to write to fd. A terminal is opened once more, so that what is written to it cannot
 * block: it may say that it has room, and yet take a part only.
 */
void outlet_begin(struct outlet *o, int fd);

/* Adds text; it waits until it is written. Returns 0 or -ENOMEM. */
int outlet_add(struct outlet *o, const char *text, size_t len);

/* Whether text waits: the caller then polls fd for room. */
bool outlet_waits(const struct outlet *o);

/* Writes as much as fd has room for. Returns 0 or -errno. */
int outlet_write(struct outlet *o);

/*
 * Writes all that waits, for at most ms milliseconds (-1: as long as it takes), or until
 * OUTLET_GRACE_MS after wake has become readable (-1: none). Returns 0, or -errno: -EINTR
 * when the time was up.
 */
int outlet_flush(struct outlet *o, int wake, int ms);

void outlet_free(struct outlet *o);

#endif
