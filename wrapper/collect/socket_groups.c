// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A connection whose port on this side is one that somebody listens on came in: the peer's
 * port says nothing. Of the others it is the port on this side.
 */
#include "collect/socket_groups.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

void socket_groups_add(struct socket_groups *g, uint64_t net, const struct diag_socket *s)
{
	struct socket_group *one;

	if (g->n == g->room) {
		size_t room = g->room ? 2 * g->room : 256;
		struct socket_group *more =
			g->n < GROUPS_MAX ? reallocarray(g->list, room, sizeof(*more)) : NULL;

		if (!more) {
			g->unshown++;
			return;
		}
		g->list = more;
		g->room = room;
	}
	one = &g->list[g->n++];
	*one = (struct socket_group){ .net = net,
				      .family = s->family,
				      .state = s->state,
				      .peer = s->peer,
				      .port = s->local.port,
				      .count = 1,
				      .received = s->received,
				      .sent = s->sent,
				      .retransmits = s->retransmits,
				      .retransmitting =
					      s->retransmitting < 0 ? -1 : s->retransmitting > 0,
				      .rtt_n = s->rtt_ns >= 0,
				      .rtt_sum_ns = s->rtt_ns >= 0 ? s->rtt_ns : 0,
				      .rtt_max_ns = s->rtt_ns,
				      .silent_ns = s->silent_ns };
}

void socket_groups_direct(struct socket_groups *g, uint64_t net, const unsigned char *ports)
{
	for (size_t i = 0; i < g->n; i++) {
		struct socket_group *one = &g->list[i];

		if (one->net != net)
			continue;
		one->in = ports[one->port / 8] >> one->port % 8 & 1;
		if (one->in)
			one->peer.port = 0;
		else
			one->port = 0;
	}
}

static int by_peer(const void *a, const void *b)
{
	const struct socket_group *x = a, *y = b;
	int64_t d = (int64_t)x->in - y->in;

	if (x->net != y->net)
		return x->net < y->net ? -1 : 1;
	if (!d)
		d = x->port - y->port;
	if (!d)
		d = x->peer.port - y->peer.port;
	if (!d)
		d = x->family - y->family;
	if (!d)
		d = memcmp(x->peer.address, y->peer.address, sizeof(x->peer.address));
	if (!d)
		d = x->state - y->state;
	return d < 0 ? -1 : d > 0;
}

static int by_count(const void *a, const void *b)
{
	const struct socket_group *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return by_peer(a, b);
}

/* Of two sums, of which one may not be known. */
static int64_t known_sum(int64_t a, int64_t b)
{
	return a < 0 || b < 0 ? -1 : a + b;
}

static void unite(struct socket_group *to, const struct socket_group *from)
{
	to->count += from->count;
	to->received = known_sum(to->received, from->received);
	to->sent = known_sum(to->sent, from->sent);
	to->retransmits = known_sum(to->retransmits, from->retransmits);
	to->retransmitting = known_sum(to->retransmitting, from->retransmitting);
	to->rtt_n += from->rtt_n;
	to->rtt_sum_ns += from->rtt_sum_ns;
	if (from->rtt_max_ns > to->rtt_max_ns)
		to->rtt_max_ns = from->rtt_max_ns;
	if (to->silent_ns < 0 || (from->silent_ns >= 0 && from->silent_ns < to->silent_ns))
		to->silent_ns = from->silent_ns;
}

static void fold(struct socket_groups *g)
{
	size_t n = 0;

	if (g->n)
		qsort(g->list, g->n, sizeof(*g->list), by_peer);
	for (size_t i = 0; i < g->n; i++) {
		if (n && !by_peer(&g->list[n - 1], &g->list[i]))
			unite(&g->list[n - 1], &g->list[i]);
		else
			g->list[n++] = g->list[i];
	}
	g->n = n;
	if (n)
		qsort(g->list, n, sizeof(*g->list), by_count);
}

void socket_groups_lines(FILE *f, struct socket_groups *g)
{
	fold(g);
	for (size_t i = 0; i < g->n; i++) {
		const struct socket_group *one = &g->list[i];
		char address[INET6_ADDRSTRLEN] = "?";

		if (i >= GROUPS_SHOWN) {
			g->unshown += one->count;
			continue;
		}
		inet_ntop(one->family, one->peer.address, address, sizeof(address));
		fprintf(f,
			"peer\t%zu\t%" PRIu64 "\t%d\t%d\t%s\t%d\t%" PRId64 "\t%" PRId64 "\t%" PRId64
			"\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\n",
			i + 1, one->net, one->in, one->in ? one->port : one->peer.port, address,
			one->state, one->count, one->received, one->sent, one->retransmits,
			one->retransmitting, one->rtt_n ? one->rtt_sum_ns / one->rtt_n : -1,
			one->rtt_max_ns, one->silent_ns);
	}
}
