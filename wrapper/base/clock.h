/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clock: the time of one of the system's clocks as one number. The pure stages have none:
 * the time is passed in to them.
 */
#ifndef TELETAP_BASE_CLOCK_H
#define TELETAP_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* The time of CLOCK_MONOTONIC or CLOCK_REALTIME, in nanoseconds and milliseconds. */
int64_t clock_ns(clockid_t clock);
int64_t clock_ms(clockid_t clock);

/* Sleeps, less when a signal comes. */
void clock_sleep_ms(long ms);

#endif
