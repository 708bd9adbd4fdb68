/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cgroup: a control group of version 2, found by its path, by a unit of systemd or by a
 * container, and the processes in it.
 *
 * Whoever may make cgroups below another one chooses their names. So a unit is looked for
 * where the system's manager makes its cgroups, in slices only, and nothing is looked for
 * inside of a container.
 */
#ifndef TELETAP_TARGET_CGROUP_H
#define TELETAP_TARGET_CGROUP_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct cgroup {
	char path[PATH_MAX]; /* its folder, where the file system is mounted */
	uint64_t id;         /* its inode, which the kernel uses once; 0: this is none */
};

/*
 * Finds it: kind is "cgroup" and name its path, below the mount or with it; or "unit" and its
 * name; or "container" and its ID or how that begins. Returns 0, or -errno with *msg set:
 * -EINVAL for a name that cannot be one, -ESRCH when there is none, -ENOTUNIQ.
 */
int cgroup_find(const char *kind, const char *name, struct cgroup *g, char **msg);

/* Calls fn for each process in it and in those below it, as long as the cgroup is this one. */
typedef void cgroup_process_fn(pid_t pid, void *arg);
void cgroup_processes(const struct cgroup *g, cgroup_process_fn *fn, void *arg);

/*
 * A descriptor whose POLLPRI says that processes may have come or gone, see cgroup_empty; or
 * -errno.
 */
int cgroup_watch(const struct cgroup *g);

/* Whether no process is left in it or below, or it is removed. */
bool cgroup_empty(int watch);

#endif
