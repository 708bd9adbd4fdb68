// SPDX-License-Identifier: GPL-2.0-or-later
#include "net/reply_queue.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define REFUSALS 100.0 /* per second, to all */
#define PLAIN_PARTS 64 /* datagrams of a plain answer */

void reply_queue_flush(struct reply_queue *o)
{
	int done = 0;

	while (done < o->n) {
		int n = sendmmsg(o->socket, o->out + done, (unsigned)(o->n - done), 0);

		if (n < 0 && errno == EINTR)
			continue;
		done += n > 0 ? n : 1;
	}
	o->n = 0;
}

/* The answer leaves from the address that was asked. */
static void set_from(struct msghdr *m, struct reply_queue_control *control,
		     const struct reply_queue_from *at)
{
	bool v6 = at->family == AF_INET6;
	size_t len = v6 ? sizeof(at->v6) : sizeof(at->v4);
	struct cmsghdr *c;

	if (at->family == AF_UNSPEC)
		return;
	m->msg_control = control->bytes;
	m->msg_controllen = CMSG_SPACE(len);
	c = CMSG_FIRSTHDR(m);
	*c = (struct cmsghdr){ .cmsg_len = CMSG_LEN(len),
			       .cmsg_level = v6 ? IPPROTO_IPV6 : IPPROTO_IP,
			       .cmsg_type = v6 ? IPV6_PKTINFO : IP_PKTINFO };
	memcpy(CMSG_DATA(c), v6 ? (const void *)&at->v6 : (const void *)&at->v4, len);
}

/* The next datagram to be sent to the letter's writer; its bytes are in out_bytes. */
static int next_out(struct reply_queue *o, const struct letter *l)
{
	int i;

	if (o->n == REPLY_QUEUE_ROOM || (o->n && o->socket != l->socket->fd))
		reply_queue_flush(o);
	i = o->n++;
	o->socket = l->socket->fd;
	o->to[i] = l->from;
	o->out[i].msg_hdr = (struct msghdr){ .msg_name = &o->to[i],
					     .msg_namelen = l->from_len,
					     .msg_iov = o->parts[i],
					     .msg_iovlen = 2 };
	set_from(&o->out[i].msg_hdr, &o->from[i], &l->at);
	o->parts[i][0] = (struct iovec){ o->bytes[i], 0 };
	o->parts[i][1] = (struct iovec){ NULL, 0 };
	return i;
}

/* As long as the letter at most. Not too many of them: silence costs less. */
void reply_queue_refuse(struct reply_queue *o, const struct letter *l, const char *why)
{
	char text[REPLY_QUEUE_PLAIN_MAX];
	int i, n;

	if (!tokens_take(&o->refusals, REFUSALS, o->now_ms))
		return;
	i = next_out(o, l);
	n = snprintf(text, sizeof(text), "refused: %s\n", why);
	if (l->has_head) {
		struct request_head head = { .what = REQUEST_REFUSAL, .state = PAGE_CANNOT };

		memcpy(head.nonce, l->head.nonce, REQUEST_NONCE);
		request_write(o->bytes[i], &head);
		n = n < REQUEST_WISH ? n : REQUEST_WISH;
		memcpy(o->bytes[i] + REQUEST_HEAD, text, (size_t)n);
		n += REQUEST_HEAD;
		if (l->signed_)
			request_sign(o->bytes[i], (size_t)n, o->key);
	} else {
		if (n > (int)l->len)
			n = (int)l->len;
		memcpy(o->bytes[i], text, (size_t)n);
	}
	o->parts[i][0].iov_len = (size_t)n;
}

/* In pieces that end where a line does, as far as there is one. */
static void answer_plain(struct reply_queue *o, const struct letter *l, const char *text,
			 size_t len)
{
	struct wish wish;

	for (int part = 0; len && part < PLAIN_PARTS; part++) {
		size_t n = len < REQUEST_PAYLOAD ? len : REQUEST_PAYLOAD;
		const char *end = n < len ? memrchr(text, '\n', n) : NULL;
		int i = next_out(o, l);

		if (end)
			n = (size_t)(end - text) + 1;
		if (part == PLAIN_PARTS - 1 && n < len) {
			static const char more[] = "...: ask with 'teletap page'\n";

			o->parts[i][1] = (struct iovec){ (void *)more, sizeof(more) - 1 };
			return;
		}
		/* No answer is a request: two servers would answer each other for ever. */
		if (request_wish(text, n, &wish)) {
			*o->bytes[i] = '\n';
			o->parts[i][0].iov_len = 1;
		}
		o->parts[i][1] = (struct iovec){ (void *)text, n };
		text += n;
		len -= n;
	}
}

static void answer_signed(struct reply_queue *o, const struct letter *l, enum page_state state,
			  uint32_t sequence, const char *text, size_t len)
{
	unsigned parts = len ? (unsigned)((len - 1) / REQUEST_PIECE) + 1 : 1;
	unsigned from = l->head.sequence == sequence && l->head.part < parts ? l->head.part : 0;
	unsigned most = l->head.parts < REQUEST_PARTS ? l->head.parts : REQUEST_PARTS;

	for (unsigned part = from; part < parts && part - from < (most ? most : 1); part++) {
		struct request_head head = { .what = REQUEST_ANSWER,
					     .state = state,
					     .part = part,
					     .parts = parts,
					     .page = (unsigned)l->wish.page,
					     .sequence = sequence,
					     .time_ms = (uint64_t)o->real_ms };
		size_t at = (size_t)part * REQUEST_PIECE;
		size_t n = len - at < REQUEST_PIECE ? len - at : REQUEST_PIECE;
		int i = next_out(o, l);

		memcpy(head.nonce, l->head.nonce, REQUEST_NONCE);
		request_write(o->bytes[i], &head);
		o->parts[i][0].iov_len = REQUEST_HEAD;
		if (l->signed_) {
			memcpy(o->bytes[i] + REQUEST_HEAD, text + at, n);
			request_sign(o->bytes[i], REQUEST_HEAD + n, o->key);
			o->parts[i][0].iov_len += n;
		} else {
			o->parts[i][1] = (struct iovec){ (void *)(text + at), n };
		}
	}
}

void reply_queue_answer(struct reply_queue *o, const struct letter *l, enum page_state state,
			uint32_t sequence, const char *text, size_t len)
{
	if (l->has_head)
		answer_signed(o, l, state, sequence, text, len);
	else
		answer_plain(o, l, text, len);
}

void reply_queue_send(struct reply_queue *o, const struct letter *l, const void *bytes, size_t len)
{
	int i = next_out(o, l);

	memcpy(o->bytes[i], bytes, len);
	o->parts[i][0].iov_len = len;
}
