/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * process_cgroups: the control groups of processes: their memory against the limits that hold
 * for them, and how their processors are throttled. As far as the cgroup file systems that
 * are mounted here show them.
 */
#ifndef TELETAP_COLLECT_PROCESS_CGROUPS_H
#define TELETAP_COLLECT_PROCESS_CGROUPS_H

#include <stdio.h>
#include <sys/types.h>

#include "base/rootfs.h"
#include "collect/since_seen.h"

struct cgroup_mount {
	char *path, *root; /* where it is, and which cgroup it shows there; NULL: not mounted */
};

struct cgroup_name {
	char *name;
	int64_t look;
};

/* Zeroed at first. */
struct process_cgroups {
	struct cgroup_mount v2, memory, cpu; /* memory, cpu: of version 1 */
	struct cgroup_name *names;           /* a number is never used again */
	size_t n_names;
	int64_t look;
	struct since_seen since;
};

/* Begins a look. */
void process_cgroups_begin(struct process_cgroups *c, const struct look *l);

/*
 * The number of a process's cgroup; 0: it cannot be read. Prints its records when it is the
 * first one of it in this look.
 */
int64_t process_cgroups_of(struct process_cgroups *c, const struct look *l, pid_t pid, FILE *f);

void process_cgroups_end(struct process_cgroups *c);
void process_cgroups_free(struct process_cgroups *c);

#endif
