/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * socket_read: the target's sockets -> lines of the protocol, for page 205: sock_diag(7) in
 * each network namespace of its processes, which takes root for another one than our own.
 */
#ifndef TELETAP_COLLECT_SOCKET_READ_H
#define TELETAP_COLLECT_SOCKET_READ_H

#include <stdio.h>

#include "collect/processes.h"
#include "collect/since_seen.h"
#include "collect/socket_owners.h"

/* Zeroed at first. */
struct socket_source {
	struct owners owners;
	struct since_seen since;
	int net; /* our own namespace: a descriptor */
};

/*
 * In the child: whether the sockets of this process can be seen (0: of one that is yet to
 * come). Returns 0, or -errno with *msg set.
 */
int socket_begin(struct socket_source *s, pid_t pid, char **msg);

/* Prints the records of these processes. */
void socket_lines(FILE *f, struct socket_source *s, const struct processes *p);
void socket_free(struct socket_source *s);

#endif
