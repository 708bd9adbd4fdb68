/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reply_queue: the frontend's answers, gathered and sent together.
 */
#ifndef TELETAP_NET_REPLY_QUEUE_H
#define TELETAP_NET_REPLY_QUEUE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "net/datagram.h"
#include "net/rate_limit.h"

#define REPLY_QUEUE_ROOM 256     /* datagrams sent at once */
#define REPLY_QUEUE_PLAIN_MAX 64 /* bytes of a plain request */

/* A socket at which requests arrive. */
struct frontend_socket {
	int fd;
	bool trusted; /* bound to this host's own address: no key is needed */
};

/* Which address of this host; AF_UNSPEC: not known. */
struct reply_queue_from {
	int family;
	union {
		struct in_pktinfo v4;
		struct in6_pktinfo v6;
	};
};

/* Room for one of them beside a datagram. */
struct reply_queue_control {
	_Alignas(struct cmsghdr) unsigned char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

struct letter { /* a request, and where its answer goes */
	const struct frontend_socket *socket;
	struct reply_queue_from at; /* where it was sent to */
	struct sockaddr_storage from;
	socklen_t from_len;
	size_t len;
	unsigned char bytes[REQUEST_BYTES + 1];
	/* what has been found out about it */
	bool has_head, signed_;
	struct request_head head;
	struct wish wish;
	int64_t deadline_ms; /* 0: not waiting */
	uint32_t id;         /* of an action */
	uint64_t span;       /* see base/self_report.h */
};

struct reply_queue {
	int64_t now_ms, real_ms;
	bool has_key;
	unsigned char key[REQUEST_KEY];
	struct bucket_of_tokens refusals;
	int n, socket;
	struct mmsghdr out[REPLY_QUEUE_ROOM];
	struct iovec parts[REPLY_QUEUE_ROOM][2];
	struct sockaddr_storage to[REPLY_QUEUE_ROOM];
	struct reply_queue_control from[REPLY_QUEUE_ROOM];
	unsigned char bytes[REPLY_QUEUE_ROOM][REQUEST_PAYLOAD]; /* heads, and what is signed */
};

/* Sends all. A datagram that finds no room is lost, as datagrams are. */
void reply_queue_flush(struct reply_queue *o);

/* A refusal, not longer than the letter; not too many of them: silence costs less. */
void reply_queue_refuse(struct reply_queue *o, const struct letter *l, const char *why);

/* A page, or those parts of it that the letter asks for. text must stay until the flush. */
void reply_queue_answer(struct reply_queue *o, const struct letter *l, enum page_state state,
			uint32_t sequence, const char *text, size_t len);

/* A datagram as it is, of at most REQUEST_PAYLOAD bytes. */
void reply_queue_send(struct reply_queue *o, const struct letter *l, const void *bytes, size_t len);

#endif
