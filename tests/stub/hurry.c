// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hurry: preloaded into teletap, it makes waiting short. Timeouts end after a
 * twentieth of their time, and the clock runs twenty times as fast.
 *
 * gcc -shared -fPIC -o hurry.so hurry.c
 */
#include <poll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define TIMES 20

int poll(struct pollfd *fds, nfds_t n, int timeout)
{
	return (int)syscall(SYS_poll, fds, n, timeout > TIMES ? timeout / TIMES : timeout);
}

/* What poll becomes with -D_FORTIFY_SOURCE. */
int __poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t size);
int __poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t size)
{
	(void)size;
	return poll(fds, n, timeout);
}

int nanosleep(const struct timespec *want, struct timespec *rest)
{
	long ns = (want->tv_sec * 1000000000 + want->tv_nsec) / TIMES;
	struct timespec less = { .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };

	return (int)syscall(SYS_nanosleep, &less, rest);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	long ret = syscall(SYS_clock_gettime, clock, now);
	long ns = (now->tv_sec % 1000000000 * 1000000000 + now->tv_nsec) * TIMES;

	if (clock == CLOCK_MONOTONIC)
		*now = (struct timespec){ .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };
	return (int)ret;
}
