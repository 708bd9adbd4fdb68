/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ring_lines: a ring -> lines of the protocol. Pure.
 */
#ifndef TELETAP_COLLECT_RING_LINES_H
#define TELETAP_COLLECT_RING_LINES_H

#include <stdio.h>

#include "collect/ring.h"

/* What is known beside the ring. Strings; NULL: not known. */
struct ring_about {
	const char *arguments;
	const char *kernel;
	const char *teletap;
	const char *earlier; /* records "run" of earlier runs */
	int ended; /* 1: the process has, the ring is as it was read last; 2: it is a file's */
	int64_t sequence, mono_ns, real_ns;
	bool final;
};

/* One snapshot (to be freed); r may be NULL: there is no ring yet. NULL: out of memory. */
char *ring_lines(const struct ring *r, const struct ring_about *about);

/*
 * Its lines alone, as records "said", or as "words" of the crash with this number where it
 * is not 0.
 */
void ring_lines_write(FILE *f, const struct ring *r, int64_t crash);

/* What a ring tells of the process's end, as the module of page 247 would; to be freed. */
char *ring_lines_crash(const struct ring *r, int64_t real_ns);

#endif
