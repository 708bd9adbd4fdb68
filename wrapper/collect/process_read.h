/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * process_read: the target's processes -> lines of the protocol, for page 204: /proc and the
 * files of control groups. Reads only, and needs no root for one's own processes.
 */
#ifndef TELETAP_COLLECT_PROCESS_READ_H
#define TELETAP_COLLECT_PROCESS_READ_H

#include <stdio.h>

#include "collect/process_cgroups.h"
#include "collect/processes.h"
#include "collect/since_seen.h"

struct process_known {
	pid_t pid;
	uint64_t begun; /* in the kernel's ticks: the number of a process is used again */
	int64_t id, look;
};

/* Zeroed at first. */
struct process_source {
	int64_t look, looked_ns; /* CLOCK_BOOTTIME; 0: not yet */
	int64_t ids;             /* given so far */
	struct process_known *known;
	size_t n_known, room;
	struct since_seen since;
	struct process_cgroups cgroups;
};

/* Prints the records of these processes. */
void process_lines(FILE *f, struct process_source *s, const struct look *l,
		   const struct processes *p);
void process_free(struct process_source *s);

#endif
