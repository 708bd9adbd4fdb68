/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host_read: this host -> lines of the protocol, for the page of the host that
 * needs no module: /proc, statvfs(3) and systemctl(1). Reads only, and needs no root.
 */
#ifndef TELETAP_COLLECT_HOST_READ_H
#define TELETAP_COLLECT_HOST_READ_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/rootfs.h"
#include "collect/host_threads.h"

/* What systemd said last. */
struct host_units {
	int64_t asked_ms; /* CLOCK_MONOTONIC; 0: never */
	char *text;       /* NULL: it did not answer */
};

struct host_source {
	const char *root; /* stands before every path that is read; "" for this machine */
	int64_t sequence;
	struct host_units units;
	struct host_threads threads; /* of the target, if there is one */
};

/* One snapshot (to be freed). NULL: out of memory. */
char *host_lines(struct host_source *s, bool final);

/* host_filesystems.c: the file systems. */
void host_space_lines(FILE *f, const struct look *l);

/*
 * host_systemd.c: the units of systemd that have failed. Waits for systemctl for a second at
 * most, and asks it again after two.
 */
void host_units_lines(FILE *f, const struct look *l, struct host_units *units);

#endif
