/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ring_collector: for the pages that come from a program's ring: takes the place of a module.
 * Asked for a snapshot, it reads the ring and says it in lines of the protocol.
 */
#ifndef TELETAP_COLLECT_RING_COLLECTOR_H
#define TELETAP_COLLECT_RING_COLLECTOR_H

#include <stdbool.h>

#include "collect/ring.h"

#define FEEDER_MODULE "ring" /* as pages call it */

struct feeder {
	int pid;
	int in; /* our end of the pipe; -1: none */
	int64_t sequence;
	bool read;        /* the ring, at least once */
	struct ring last; /* as it was then */
	char *earlier;    /* runs, see ring_previous.h; NULL: not looked for yet */
	char *lines;      /* that have no room in the pipe yet; NULL: none */
	size_t size, sent;
	bool last_wanted; /* the last snapshot, behind them */
	char *arguments;  /* of the process, separated by spaces; NULL: not known */
};

/*
 * Begins to feed; *out is where the lines come from (to be closed). With must there has
 * to be a ring already. Returns 0, or -errno with *msg set.
 */
int feeder_start(struct feeder *f, int pid, bool must, int *out, char **msg);

/*
 * A snapshot; final: the last one. When the process has ended: as it was last read. False:
 * not now, as the one before is still on its way, or not any more.
 */
bool feeder_ask(struct feeder *f, bool final);

/* To be called when lines were read: there is room for more. False: they cannot be sent. */
bool feeder_more(struct feeder *f);

/* The lines end. */
void feeder_stop(struct feeder *f);

#endif
