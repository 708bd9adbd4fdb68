/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * socket_diag: the sockets of a network namespace, by sock_diag(7).
 */
#ifndef TELETAP_COLLECT_SOCKET_DIAG_H
#define TELETAP_COLLECT_SOCKET_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct diag_end {
	unsigned char address[16]; /* 4 or 16 bytes, then 0 */
	uint16_t port;
};

/* Numbers: -1 where the kernel did not say. */
struct diag_socket {
	int family, protocol; /* AF_UNIX: its type */
	int state;            /* as of TCP; LISTEN is 10 for AF_UNIX, too */
	uint64_t inode, cookie;
	struct diag_end local, peer;
	const char *name; /* of AF_UNIX; not terminated */
	size_t name_len;
	int64_t received, sent; /* bytes in its queues; of a listening one: waiting, backlog */
	int64_t drops, receive_room;
	/* tcp_info of a connection. */
	int64_t retransmits;    /* segments sent again, ever */
	int64_t retransmitting; /* how often the one that is not acknowledged was, now */
	int64_t rtt_ns;         /* smoothed */
	int64_t silent_ns;      /* since data came, or since it was made */
};

/* Opens what asks the namespace that this thread is in. Returns a descriptor, or -errno. */
int diag_open(void);

typedef void diag_fn(const struct diag_socket *s, void *arg);

/* Calls fn for each socket. Returns 0, or -errno. */
int diag_tcp(int fd, int family, diag_fn *fn, void *arg);
int diag_udp(int fd, int family, diag_fn *fn, void *arg);
int diag_unix_listening(int fd, diag_fn *fn, void *arg);

#endif
