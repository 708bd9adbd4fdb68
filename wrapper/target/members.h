/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * members: which processes belong to a target, for those who look for them again and again.
 */
#ifndef TELETAP_TARGET_MEMBERS_H
#define TELETAP_TARGET_MEMBERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/options.h"
#include "target/cgroup.h"

struct root {
	pid_t pid;
	uint64_t begun; /* in the kernel's ticks, since numbers are used again; 0: any */
};

/* Of these three one says who belongs to it. */
struct members {
	struct root roots[OPTS_PIDS]; /* these processes and their descendants */
	int n_roots;
	bool command; /* the root is teletap's own fork until it runs the command: not yet */
	struct cgroup cgroup; /* those in it and below */
	dev_t dev;            /* those that run this file; */
	ino_t ino;            /* 0: none */
};

/* A process by its number as it is now; begun 0: there is none. */
struct root root_of(pid_t pid);

#endif
