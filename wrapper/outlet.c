// SPDX-License-Identifier: GPL-2.0-or-later
#include "outlet.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <unistd.h>

#include "clock.h"

int outlet_write(int fd, int wake, bool hurry, const char *text, size_t len)
{
	int64_t end = hurry ? clock_ms(CLOCK_MONOTONIC) + OUTLET_GRACE_MS : 0;

	while (len) {
		struct pollfd fds[] = { { .fd = fd, .events = POLLOUT },
					{ .fd = wake, .events = POLLIN } };
		int64_t left = end ? end - clock_ms(CLOCK_MONOTONIC) : -1;

		if (end && left < 0)
			return -EINTR;
		if (poll(fds, end ? 1 : 2, (int)left) < 0 && errno != EINTR)
			return -errno;
		if (fds[0].revents) {
			/* A pipe that has room has it for so much. */
			ssize_t n = write(fd, text, len < PIPE_BUF ? len : PIPE_BUF);

			if (n < 0 && errno != EINTR && errno != EAGAIN)
				return -errno;
			text += n > 0 ? n : 0;
			len -= n > 0 ? (size_t)n : 0;
		} else if (!end && fds[1].revents) {
			end = clock_ms(CLOCK_MONOTONIC) + OUTLET_GRACE_MS;
		}
	}
	return 0;
}
