// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/clock.h"

int64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int64_t clock_ms(clockid_t clock)
{
	return clock_ns(clock) / 1000000;
}
