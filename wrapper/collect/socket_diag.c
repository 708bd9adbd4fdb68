// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Source: sock_diag(7), linux/inet_diag.h, unix_diag.h, tcp.h; what the fields of listening
 * sockets mean: tcp_diag_get_info() and sk_diag_show_rqlen() of the kernel, as ss(8) shows it.
 */
#include "collect/socket_diag.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define TCP_LISTEN_STATE 10
/* All but TIME-WAIT and those that are not accepted yet: no process has them. */
#define TCP_STATES (0xfffU & ~(1U << 6))
#define UDP_STATES 0xfffU
#define ANSWER_BYTES 65536
#define ANSWER_S 2

int diag_open(void)
{
	struct timeval wait = { .tv_sec = ANSWER_S };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	return fd;
}

/* A message and its attributes become a socket; false: it is not one. */
typedef bool take_fn(const struct nlmsghdr *head, struct diag_socket *s);

/* Attributes of a message behind its header of so many bytes. */
static const struct rtattr *first_attribute(const struct nlmsghdr *head, size_t header,
					    size_t *left)
{
	size_t all = head->nlmsg_len - NLMSG_HDRLEN;

	*left = all > NLMSG_ALIGN(header) ? all - NLMSG_ALIGN(header) : 0;
	return (const struct rtattr *)((const char *)NLMSG_DATA(head) + NLMSG_ALIGN(header));
}

static const struct rtattr *next_attribute(const struct rtattr *a, size_t *left)
{
	size_t step = RTA_ALIGN(a->rta_len);

	*left = *left > step ? *left - step : 0;
	return (const struct rtattr *)((const char *)a + step);
}

static bool is_whole(const struct rtattr *a, size_t left)
{
	return left >= sizeof(*a) && a->rta_len >= sizeof(*a) && a->rta_len <= left;
}

static void take_tcp_info(struct diag_socket *s, const void *bytes, size_t len)
{
	struct tcp_info info = { 0 };

	if (len < offsetof(struct tcp_info, tcpi_total_retrans) + sizeof(info.tcpi_total_retrans))
		return;
	memcpy(&info, bytes, len < sizeof(info) ? len : sizeof(info));
	s->retransmits = info.tcpi_total_retrans;
	s->retransmitting = info.tcpi_retransmits;
	s->rtt_ns = info.tcpi_rtt ? (int64_t)info.tcpi_rtt * 1000 : -1;
	s->silent_ns = (int64_t)info.tcpi_last_data_recv * 1000000;
}

static void take_memory(struct diag_socket *s, const void *bytes, size_t len)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 };

	memcpy(info, bytes, len < sizeof(info) ? len : sizeof(info));
	if (len > SK_MEMINFO_RCVBUF * sizeof(info[0]))
		s->receive_room = info[SK_MEMINFO_RCVBUF];
	if (len > SK_MEMINFO_DROPS * sizeof(info[0]))
		s->drops = info[SK_MEMINFO_DROPS];
}

static bool take_inet(const struct nlmsghdr *head, struct diag_socket *s)
{
	const struct inet_diag_msg *m = NLMSG_DATA(head);
	const struct rtattr *a;
	size_t left, size;

	if (head->nlmsg_len < NLMSG_LENGTH(sizeof(*m)) ||
	    (m->idiag_family != AF_INET && m->idiag_family != AF_INET6))
		return false;
	s->family = m->idiag_family;
	s->state = m->idiag_state;
	s->inode = m->idiag_inode;
	s->cookie = (uint64_t)m->id.idiag_cookie[1] << 32 | m->id.idiag_cookie[0];
	size = s->family == AF_INET ? 4 : 16;
	memcpy(s->local.address, m->id.idiag_src, size);
	memcpy(s->peer.address, m->id.idiag_dst, size);
	s->local.port = ntohs(m->id.idiag_sport);
	s->peer.port = ntohs(m->id.idiag_dport);
	s->received = m->idiag_rqueue;
	s->sent = m->idiag_wqueue;
	for (a = first_attribute(head, sizeof(*m), &left); is_whole(a, left);
	     a = next_attribute(a, &left)) {
		if (a->rta_type == INET_DIAG_INFO && s->protocol == IPPROTO_TCP)
			take_tcp_info(s, RTA_DATA(a), (size_t)RTA_PAYLOAD(a));
		if (a->rta_type == INET_DIAG_SKMEMINFO)
			take_memory(s, RTA_DATA(a), (size_t)RTA_PAYLOAD(a));
	}
	return true;
}

static bool take_unix(const struct nlmsghdr *head, struct diag_socket *s)
{
	const struct unix_diag_msg *m = NLMSG_DATA(head);
	const struct unix_diag_rqlen *queue;
	const struct rtattr *a;
	size_t left;

	if (head->nlmsg_len < NLMSG_LENGTH(sizeof(*m)) || m->udiag_family != AF_UNIX)
		return false;
	s->family = AF_UNIX;
	s->protocol = m->udiag_type;
	s->state = m->udiag_state;
	s->inode = m->udiag_ino;
	s->cookie = (uint64_t)m->udiag_cookie[1] << 32 | m->udiag_cookie[0];
	for (a = first_attribute(head, sizeof(*m), &left); is_whole(a, left);
	     a = next_attribute(a, &left)) {
		if (a->rta_type == UNIX_DIAG_NAME) {
			s->name = RTA_DATA(a);
			s->name_len = (size_t)RTA_PAYLOAD(a);
		}
		if (a->rta_type == UNIX_DIAG_RQLEN && (size_t)RTA_PAYLOAD(a) >= sizeof(*queue)) {
			queue = RTA_DATA(a);
			s->received = queue->udiag_rqueue;
			s->sent = queue->udiag_wqueue;
		}
	}
	return true;
}

/* Returns 1 at the end, 0 when there is more, or -errno. */
static int take_answer(char *bytes, size_t n, int protocol, take_fn *take, diag_fn *fn, void *arg)
{
	const struct nlmsghdr *head = (const struct nlmsghdr *)bytes;

	for (size_t left = n; left >= sizeof(*head) && head->nlmsg_len >= sizeof(*head) &&
			      head->nlmsg_len <= left;) {
		size_t step = NLMSG_ALIGN(head->nlmsg_len);
		struct diag_socket s = { .protocol = protocol,
					 .received = -1,
					 .sent = -1,
					 .drops = -1,
					 .receive_room = -1,
					 .retransmits = -1,
					 .retransmitting = -1,
					 .rtt_ns = -1,
					 .silent_ns = -1 };

		if (head->nlmsg_type == NLMSG_DONE)
			return 1;
		if (head->nlmsg_type == NLMSG_ERROR) {
			const struct nlmsgerr *e = NLMSG_DATA(head);

			return head->nlmsg_len >= NLMSG_LENGTH(sizeof(*e)) && e->error < 0
				       ? e->error
				       : -EIO;
		}
		if (take(head, &s))
			fn(&s, arg);
		left = left > step ? left - step : 0;
		head = (const struct nlmsghdr *)((const char *)head + step);
	}
	return 0;
}

/* Asks, and takes the answers until they end. */
static int ask(int fd, const void *question, size_t size, int protocol, take_fn *take, diag_fn *fn,
	       void *arg)
{
	static char bytes[ANSWER_BYTES] __attribute__((aligned(8)));
	struct nlmsghdr head = { .nlmsg_len = (uint32_t)NLMSG_LENGTH(size),
				 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
				 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP };
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK }, from;
	int ret = 0;

	memcpy(bytes, &head, sizeof(head));
	memcpy(bytes + NLMSG_HDRLEN, question, size);
	if (sendto(fd, bytes, head.nlmsg_len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		return -errno;
	while (!ret) {
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(fd, bytes, sizeof(bytes), MSG_TRUNC, (struct sockaddr *)&from,
				     &len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (from.nl_pid) /* not the kernel */
			continue;
		ret = n > (ssize_t)sizeof(bytes)
			      ? -EMSGSIZE
			      : take_answer(bytes, (size_t)n, protocol, take, fn, arg);
	}
	return ret < 0 ? ret : 0;
}

static int ask_inet(int fd, int family, int protocol, uint32_t states, diag_fn *fn, void *arg)
{
	struct inet_diag_req_v2 question = { .sdiag_family = (uint8_t)family,
					     .sdiag_protocol = (uint8_t)protocol,
					     .idiag_ext = 1U << (INET_DIAG_INFO - 1) |
							  1U << (INET_DIAG_SKMEMINFO - 1),
					     .idiag_states = states };

	return ask(fd, &question, sizeof(question), protocol, take_inet, fn, arg);
}

int diag_tcp(int fd, int family, diag_fn *fn, void *arg)
{
	return ask_inet(fd, family, IPPROTO_TCP, TCP_STATES, fn, arg);
}

int diag_udp(int fd, int family, diag_fn *fn, void *arg)
{
	return ask_inet(fd, family, IPPROTO_UDP, UDP_STATES, fn, arg);
}

int diag_unix_listening(int fd, diag_fn *fn, void *arg)
{
	struct unix_diag_req question = { .sdiag_family = AF_UNIX,
					  .udiag_states = 1U << TCP_LISTEN_STATE,
					  .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_RQLEN };

	return ask(fd, &question, sizeof(question), 0, take_unix, fn, arg);
}
