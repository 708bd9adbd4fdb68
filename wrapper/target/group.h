/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * group: several processes as one target: those that are named, with their descendants, or
 * those of a cgroup.
 */
#ifndef TELETAP_TARGET_GROUP_H
#define TELETAP_TARGET_GROUP_H

#include <stdbool.h>

#include "target/members.h"

struct target_group {
	struct members who;
	char *name;          /* its kind and its name: "unit web.service", "processes 12, 34" */
	int ends[OPTS_PIDS]; /* readable when a process has ended; -1: taken note of */
	int watch;           /* of the cgroup; -1: none */
	int readable;        /* when group_gone is to be asked */
	bool gone;
	pid_t *pids; /* those that belong to it now, as far as there is room */
	size_t n_pids;
};

/*
 * Finds the group that o names, and its processes. Release with group_close in any case.
 * Returns 0, or -errno with *msg set: -ESRCH when there is none, or no process in it.
 */
int group_open(struct target_group *g, const struct opts *o, char **msg);
void group_close(struct target_group *g);

/* Whether all of its processes have ended; it then stays so. */
bool group_gone(struct target_group *g);

#endif
