// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * load: asks 'teletap serve' on this host for a page again and again, WINDOW requests
 * at a time, and prints how many answers came per second, the times they took in us
 * (median, 99th percentile, longest), and how many requests were lost.
 *
 *   load PORT PAGE REQUESTS WINDOW
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "net/datagram.h"

#define WINDOW_MAX 256
#define PATIENCE_MS 3000 /* then those under way are lost */

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static unsigned char out[WINDOW_MAX][REQUEST_BYTES], in[WINDOW_MAX][REQUEST_PAYLOAD];
static struct mmsghdr outs[WINDOW_MAX], ins[WINDOW_MAX];

static void requests_write(const char *page)
{
	static struct iovec out_parts[WINDOW_MAX], in_parts[WINDOW_MAX];
	struct request_head head = { .what = REQUEST_ASK, .parts = 1 };

	for (int i = 0; i < WINDOW_MAX; i++) {
		request_write(out[i], &head);
		snprintf((char *)out[i] + REQUEST_HEAD, REQUEST_WISH, "%s", page);
		out_parts[i] = (struct iovec){ out[i], REQUEST_BYTES };
		in_parts[i] = (struct iovec){ in[i], REQUEST_PAYLOAD };
		outs[i].msg_hdr = (struct msghdr){ .msg_iov = &out_parts[i], .msg_iovlen = 1 };
		ins[i].msg_hdr = (struct msghdr){ .msg_iov = &in_parts[i], .msg_iovlen = 1 };
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001) };
	long wanted, sent = 0, done = 0, lost = 0;
	int fd = socket(AF_INET, SOCK_DGRAM, 0), window, size = 4 << 20;
	uint32_t *times;
	int64_t begin;
	double seconds;

	if (argc != 5)
		return 2;
	to.sin_port = htons((uint16_t)atoi(argv[1]));
	wanted = atol(argv[3]);
	window = atoi(argv[4]) < WINDOW_MAX ? atoi(argv[4]) : WINDOW_MAX;
	times = calloc((size_t)wanted, sizeof(*times));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)))
		return 3;
	requests_write(argv[2]);
	begin = now_ns();
	while (done + lost < wanted) {
		struct pollfd poller = { .fd = fd, .events = POLLIN };
		long room = window - (sent - done - lost);
		int64_t now = now_ns();
		int n;

		room = room > wanted - sent ? wanted - sent : room;
		for (long i = 0; i < room; i++) /* the time goes along as the nonce */
			memcpy(out[i] + 24, &now, sizeof(now));
		n = room > 0 ? sendmmsg(fd, outs, (unsigned)room, 0) : 0;
		if (n < 0)
			return 3;
		sent += n;
		n = recvmmsg(fd, ins, WINDOW_MAX, MSG_DONTWAIT, NULL);
		if (n < 0 && poll(&poller, 1, PATIENCE_MS) == 0)
			lost += sent - done - lost;
		now = now_ns();
		for (int i = 0; i < n; i++) {
			int64_t then;

			memcpy(&then, in[i] + 24, sizeof(then));
			if (done < wanted)
				times[done++] = (uint32_t)((now - then) / 1000);
		}
	}
	seconds = (double)(now_ns() - begin) / 1e9;
	qsort(times, (size_t)done, sizeof(*times), compare);
	printf("%.0f %u %u %u %ld\n", (double)done / seconds, times[done / 2],
	       times[done * 99 / 100], times[done ? done - 1 : 0], lost);
	free(times);
	return 0;
}
