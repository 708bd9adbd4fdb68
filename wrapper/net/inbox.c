// SPDX-License-Identifier: GPL-2.0-or-later
#include "net/inbox.h"

#include <string.h>
#include <sys/socket.h>

void inbox_prepare(int fd, int family)
{
	const int on = 1;

	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
	else
		setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
}

static void take_destination(struct letter *l, struct msghdr *m)
{
	l->at.family = AF_UNSPEC;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			memcpy(&l->at.v4, CMSG_DATA(c), sizeof(l->at.v4));
			l->at.v4.ipi_ifindex = 0; /* the route says which */
			l->at.family = AF_INET;
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&l->at.v6, CMSG_DATA(c), sizeof(l->at.v6));
			if (!IN6_IS_ADDR_LINKLOCAL(&l->at.v6.ipi6_addr))
				l->at.v6.ipi6_ifindex = 0;
			if (!IN6_IS_ADDR_MULTICAST(&l->at.v6.ipi6_addr))
				l->at.family = AF_INET6;
		}
	}
}

int inbox_take(const struct frontend_socket *socket, struct letter **letters)
{
	static struct letter taken[INBOX_BATCH];
	static struct reply_queue_control control[INBOX_BATCH];
	static struct mmsghdr in[INBOX_BATCH];
	static struct iovec parts[INBOX_BATCH];
	int n;

	for (int i = 0; i < INBOX_BATCH; i++) {
		parts[i] = (struct iovec){ taken[i].bytes, sizeof(taken[i].bytes) };
		in[i].msg_hdr = (struct msghdr){ .msg_name = &taken[i].from,
						 .msg_namelen = sizeof(taken[i].from),
						 .msg_iov = &parts[i],
						 .msg_iovlen = 1,
						 .msg_control = control[i].bytes,
						 .msg_controllen = sizeof(control[i].bytes) };
	}
	n = recvmmsg(socket->fd, in, INBOX_BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++) {
		taken[i].socket = socket;
		taken[i].from_len = in[i].msg_hdr.msg_namelen;
		taken[i].len = in[i].msg_len;
		take_destination(&taken[i], &in[i].msg_hdr);
	}
	*letters = taken;
	return n > 0 ? n : 0;
}
