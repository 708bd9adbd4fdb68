/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rootfs: reads a host's small files below a root directory, for the checks of
 * doctor/host.c and host_kernel.c, and for the page of the host.
 */
#ifndef TELETAP_BASE_ROOTFS_H
#define TELETAP_BASE_ROOTFS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"

struct host;

/* For tests: an environment variable names another folder instead of /. */
#define HOST_ROOT "TELETAP_HOST_ROOT"

struct look {
	const char *root; /* stands before every path; "" for this machine */
	struct host *host;
	struct checks *c;
};

/* What to do where no module can be compiled. */
#define LOOK_BRING "build a pack elsewhere ('teletap build -d') and bring it (--pack)"

const char *look_path(const struct look *l, const char *path, char out[PATH_MAX]);
bool look_exists(const struct look *l, const char *path);

/* Reads the file's beginning as a string. Returns 0, or -errno. */
int look_text(const struct look *l, const char *path, char *out, size_t size);

/* Calls fn for every line of a file until it returns true, which is then returned. */
typedef bool look_line_fn(const char *line, void *arg);
bool look_line(const struct look *l, const char *path, look_line_fn *fn, void *arg);

/* Finds a program on PATH, below the root. False: it is not there. */
bool look_program(const struct look *l, const char *name, char out[PATH_MAX]);

/*
 * Runs the program at path with an option and takes what follows "version " in what
 * it says: "5.6". False: it says none.
 */
bool look_version(const char *path, const char *option, char *out, size_t size);

/*
 * Takes the version from the program's file, where the packagers have put it: "Debian
 * version 5.6-1", "rpm 5.2-1.fc41". For staprun, which is setuid, and whose -V says
 * nothing (5.6, seen). False: there is none, or the file may not be read.
 */
bool look_version_inside(const char *path, char *out, size_t size);

/* host_kernel.c */
void host_check_kernel(const struct look *l);

#endif
