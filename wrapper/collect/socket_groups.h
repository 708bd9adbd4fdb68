/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * socket_groups: connections -> those to the same peer in the same state, added up.
 */
#ifndef TELETAP_COLLECT_SOCKET_GROUPS_H
#define TELETAP_COLLECT_SOCKET_GROUPS_H

#include <stdio.h>

#include "collect/socket_diag.h"

#define GROUPS_MAX 262144 /* connections; more are counted and not shown */
#define GROUPS_SHOWN 1000 /* groups, likewise: those with the most connections are */

/* One connection, then several. */
struct socket_group {
	uint64_t net;
	int family, state;
	bool in; /* port is a listening one of this host, else the peer's */
	struct diag_end peer;
	uint16_t port; /* on this side */
	int64_t count, received, sent;
	int64_t retransmits, retransmitting; /* -1: not known of one of them */
	int64_t rtt_n, rtt_sum_ns, rtt_max_ns;
	int64_t silent_ns; /* the shortest; -1: not known */
};

/* Zeroed at first; to be freed. */
struct socket_groups {
	struct socket_group *list;
	size_t n, room;
	int64_t unshown; /* connections */
};

void socket_groups_add(struct socket_groups *g, uint64_t net, const struct diag_socket *s);

/* ports: a bit for each that somebody listens on in this namespace. */
void socket_groups_direct(struct socket_groups *g, uint64_t net, const unsigned char *ports);

/* Adds them up and prints the records. */
void socket_groups_lines(FILE *f, struct socket_groups *g);

#endif
