/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * maps: a process -> the files whose code it has mapped, and each of them open,
 * whatever has happened to its name since.
 */
#ifndef TELETAP_TARGET_MAPS_H
#define TELETAP_TARGET_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct mapping {
	char *path;          /* from our root directory; in a foreign mount namespace, from
				the top of that. Ends in " (deleted)" when the name is gone
				or means another file now */
	uint64_t start, end; /* the first executable mapping of the file */
	dev_t dev;           /* as in /proc/PID/maps: on some file systems not what */
	uint64_t inode;      /* stat says */
};

struct maps {
	pid_t pid;
	pid_t task; /* the process in /proc; another of its threads when the first one has
		       ended, and has no memory any more */
	struct mapping *files; /* each file once, by address */
	size_t n_files;
};

/*
 * Lists the files of which the process pid has executable mappings (a marker in any
 * other file cannot be hit). Needs the right to trace it. Returns 0, or -errno with
 * *msg set: -ESRCH when there is no such process.
 */
int maps_read(pid_t pid, struct maps *maps, char **msg);
void maps_free(struct maps *maps);

/*
 * Whether the process has an executable mapping of a file of this inode, on any device; false
 * also when that cannot be read. Nothing is looked up besides, so it is for looking at many.
 */
bool maps_has_inode(pid_t pid, ino_t inode);

/*
 * Opens a mapped file for reading: the file that is mapped, not one that has taken
 * its name. Returns the file descriptor, or -errno with *msg set.
 */
int maps_open(const struct maps *maps, const struct mapping *file, char **msg);

#endif
