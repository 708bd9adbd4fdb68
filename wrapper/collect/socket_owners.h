/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * socket_owners: which sockets the target's processes have open, and in which network
 * namespaces these live.
 */
#ifndef TELETAP_COLLECT_SOCKET_OWNERS_H
#define TELETAP_COLLECT_SOCKET_OWNERS_H

#include "collect/processes.h"

#define OWNERS_NETS 32           /* network namespaces; more are not looked at */
#define OWNERS_MAX (1024 * 1024) /* descriptors; more are not looked at */

struct owner {
	uint64_t inode; /* of the socket */
	pid_t pid;      /* the process with the lowest number that has it */
	int processes;  /* that have it */
	bool told;      /* it was found by its kind */
};

struct owners_net {
	uint64_t inode; /* of the namespace */
	pid_t pid;      /* a process in it */
};

/* Zeroed at first. */
struct owners {
	struct owner *list; /* by inode */
	size_t n, room;
	struct owners_net nets[OWNERS_NETS];
	int n_nets;
	int64_t unread; /* processes whose descriptors may not be read */
	int64_t unseen; /* descriptors and namespaces for which there was no room */
};

void owners_look(struct owners *o, const struct processes *p);

/* NULL: no process of the target has it. */
struct owner *owners_find(const struct owners *o, uint64_t inode);

void owners_free(struct owners *o);

#endif
