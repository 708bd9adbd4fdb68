/* SPDX-License-Identifier: 0BSD */
/*
 * clock: time in ticks, which cost little to take, and what they are in nanoseconds.
 */
#ifndef TELETAP_CLOCK_H
#define TELETAP_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#ifdef __x86_64__
#include <x86intrin.h>
#endif

extern bool clock_counts; /* by the processor's counter */

uint64_t clock_ns(void);

/* Chooses the clock. Ticks taken before say nothing any more. */
void clock_begin(void);

static inline uint64_t clock_ticks(void)
{
#ifdef __x86_64__
	if (clock_counts)
		return __rdtsc();
#endif
	return clock_ns();
}

/* The first time it waits until 10 ms have passed since clock_begin. 0: the clock stands still. */
double clock_ns_per_tick(void);

#endif
