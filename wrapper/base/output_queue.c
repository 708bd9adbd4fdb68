// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/output_queue.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define NAP_MS 20

void outlet_begin(struct outlet *o, int fd)
{
	char path[32];

	*o = (struct outlet){ .fd = fd, .own = -1 };
	if (!isatty(fd))
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	o->own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (o->own >= 0)
		o->fd = o->own;
}

int outlet_add(struct outlet *o, const char *text, size_t len)
{
	char *longer = realloc(o->text, o->len + len);

	if (!longer)
		return -ENOMEM;
	memcpy(longer + o->len, text, len);
	o->text = longer;
	o->len += len;
	return 0;
}

bool outlet_waits(const struct outlet *o)
{
	return o->at < o->len;
}

int outlet_write(struct outlet *o)
{
	struct pollfd room = { .fd = o->fd, .events = POLLOUT };

	while (outlet_waits(o) && poll(&room, 1, 0) > 0) {
		size_t left = o->len - o->at;
		/* A pipe that has room has it for so much. */
		ssize_t n = write(o->fd, o->text + o->at, left < PIPE_BUF ? left : PIPE_BUF);

		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return -errno;
		if (n < 0 && errno == EAGAIN) {
			poll(NULL, 0, NAP_MS); /* a terminal with room for less than a newline */
			break;
		}
		o->at += n > 0 ? (size_t)n : 0;
	}
	if (!outlet_waits(o))
		o->at = o->len = 0;
	return 0;
}

int outlet_flush(struct outlet *o, int wake, int ms)
{
	int64_t end = ms < 0 ? INT64_MAX : clock_ms(CLOCK_MONOTONIC) + ms;

	for (;;) {
		struct pollfd fds[] = { { .fd = o->fd, .events = POLLOUT },
					{ .fd = wake, .events = POLLIN } };
		int err = outlet_write(o);
		int64_t left = end - clock_ms(CLOCK_MONOTONIC);

		if (err || !outlet_waits(o))
			return err;
		if (left < 0)
			return -EINTR;
		if (poll(fds, 2, end == INT64_MAX ? -1 : (int)left) < 0 && errno != EINTR)
			return -errno;
		if (fds[1].revents) {
			end = clock_ms(CLOCK_MONOTONIC) + OUTLET_GRACE_MS;
			wake = -1;
		}
	}
}

void outlet_free(struct outlet *o)
{
	if (o->own >= 0)
		close(o->own);
	free(o->text);
	*o = (struct outlet){ .own = -1 };
}
