/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * follow: whether a target still exists, and whether it has been restarted.
 */
#ifndef TELETAP_TARGET_FOLLOW_H
#define TELETAP_TARGET_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "target/target.h"

struct presence {
	enum target_kind kind;
	const char *pid_file;    /* NULL: none */
	const char *path;        /* TARGET_FILE: as it was given */
	const char *how, *group; /* TARGET_GROUP: of a cgroup, likewise; NULL: no cgroup */
	const char *pattern;     /* of a command line; NULL: none */
	pid_t pids[OPTS_PIDS];   /* that have it */
	int n_pids;
	pid_t pid;
	dev_t dev;
	ino_t ino;
	bool seen; /* a process that runs the binary */
	bool idle;
	int64_t looked_ms;
};

/* Reads a process number from a file. Returns 0, or -ESRCH with *msg set. */
int presence_pid(const char *path, pid_t *pid, char **msg);

/* Finds the processes that o names by a PID file or a pattern. Returns 0, or -errno with *msg. */
int presence_find(struct opts *o, char **msg);

/* Whether what o names is there now. Returns 0, or -errno with *msg set; -EINVAL: it cannot be. */
int presence_now(const struct opts *o, char **msg);

/* Remembers the target and how o names it; what o points to stays. */
void presence_begin(struct presence *p, const struct target *t, const struct opts *o);

/* Why the target does not exist any more (to be freed); NULL: it does. */
char *presence_lost(struct presence *p, struct target *t, int64_t now_ms);

/* Whether the target exists again, after it was lost. */
bool presence_back(const struct presence *p);

/*
 * With -e: whether no process runs the binary, although one did before. Looks through
 * /proc, so not more often than every two seconds.
 */
bool presence_idle(struct presence *p, int64_t now_ms);

#endif
