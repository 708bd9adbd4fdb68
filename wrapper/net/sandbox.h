/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sandbox: gives up the privileges that a process of serve does not need.
 */
#ifndef TELETAP_NET_SANDBOX_H
#define TELETAP_NET_SANDBOX_H

#include <stdbool.h>
#include <sys/types.h>

/* The user that the process becomes; looked up while files can still be read. */
struct sandbox {
	uid_t uid;
	gid_t gid;
	bool connections; /* it accepts connections at a socket it has (HTTP) */
};

/*
 * Looks up the user (NULL: nobody). Returns 0, or -errno with *msg set: not found, or
 * root.
 */
int sandbox_find(const char *user, struct sandbox *c, char **msg);

/*
 * As root: an empty root directory, that user, no groups, no capability, none ever
 * again. As anybody: no new privileges, no core file, and a seccomp filter that leaves
 * what is needed to answer datagrams, and, if it is wanted, connections: no file can be opened, no
 * program run, no socket made. Irreversible. Returns 0, or -errno with *msg set; the process is
 * then to end.
 */
int sandbox_enter(const struct sandbox *c, char **msg);

/*
 * As root, for a process that draws from a recording: of the capabilities only those to read
 * the file again (CAP_DAC_READ_SEARCH) and to end the other process (CAP_KILL) stay; programs
 * that it starts get none back. Returns 0, or -errno with *msg set.
 */
int sandbox_reader(char **msg);

#endif
