/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * target: PID, path or command -> the ELF files that matter, open.
 *
 * A file is held by its descriptor from here on, never again looked up by name:
 * it stays the one the process runs, in whatever mount namespace it lies, after
 * an upgrade or a removal too.
 */
#ifndef TELETAP_TARGET_TARGET_H
#define TELETAP_TARGET_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/options.h"
#include "target/group.h"
#include "target/sdt.h"

enum target_kind { TARGET_PID, TARGET_FILE, TARGET_COMMAND, TARGET_HOST, TARGET_GROUP };

struct target_file {
	char *path; /* as the target sees it: for people */
	int fd;
	struct sdt_file sdt;
	char *layout; /* what module/script_macros.c has found in it; NULL: it has not looked yet */
};

struct target {
	enum target_kind kind;
	pid_t pid; /* the process watched; 0: all processes of the file, or of the group */
	int pidfd; /* readable when target_gone is to be asked; -1: never */
	struct target_group group; /* TARGET_GROUP */
	int gate;    /* TARGET_COMMAND: closed without a byte, the command never starts */
	char **argv; /* TARGET_COMMAND */
	struct target_file *files;
	size_t n_files;
	/* TARGET_COMMAND: what its Python could load, too, see cpython/extension.h. */
	struct target_file *offered; /* NULL: nothing */
	char *startup;               /* the folder that makes it do so, in PYTHONPATH */
	bool gives;                  /* that is to be done, */
	bool spans;                  /* and to make what frameworks do spans */
	char unbuilt[16];            /* the CPython's version, if it has no build for it */
};

/*
 * Finds the files of the target that o names. Returns 0, or -errno with *msg set:
 * -EINVAL for wrong usage, -ESRCH when there is no such process.
 */
int target_open(struct target *t, const struct opts *o, char **msg);

/* No process and no file: for pages of the host. */
void target_host(struct target *t);

/*
 * Opens a file that the command's Python loads when the folder is in its PYTHONPATH. Returns 0,
 * or -errno.
 */
int target_offer(struct target *t, const char *file, const char *folder);

/*
 * TARGET_COMMAND: starts its process, which waits before its first instruction
 * until target_release. Otherwise does nothing.
 */
int target_start(struct target *t, char **msg);
void target_release(struct target *t);

/*
 * How a command ended: its exit status, 128 + the number of the signal that ended it; 0 when it
 * runs yet, and for other targets. Before target_close.
 */
int target_ended(const struct target *t);

/* Whether its process has ended, or all of its group. */
bool target_gone(struct target *t);

/* The processes of the target. fd: the file, where the target is all processes of one. */
void target_members(const struct target *t, int fd, struct members *who);

void target_close(struct target *t);

#endif
