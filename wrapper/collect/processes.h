/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * processes: which processes belong to a target now, out of /proc.
 */
#ifndef TELETAP_COLLECT_PROCESSES_H
#define TELETAP_COLLECT_PROCESSES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/rootfs.h"
#include "target/members.h"

#define PROCESSES_MAX 1024 /* more are not looked at */

struct processes {
	struct members who; /* are wanted */
	/* What processes_look found. */
	pid_t list[PROCESSES_MAX]; /* a process before its children */
	pid_t parent[PROCESSES_MAX];
	char state[PROCESSES_MAX]; /* the kernel's letter */
	size_t n;
	int64_t unseen; /* those that found no place; with all that is below them, one */
};

void processes_look(struct processes *p, const struct look *l);

/* Whether one of them has not ended. */
bool processes_live(const struct processes *p);

#endif
