// SPDX-License-Identifier: 0BSD
/*
 * The kernel's clock, read without the kernel: where it keeps time by the processor's
 * time-stamp counter it has made sure that the counter is steady and the same on all
 * processors, and reading that takes a third of clock_gettime. How long a tick is
 * follows from both, measured since the clock was begun.
 */
#include "clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define ENOUGH_NS 10000000 /* to measure by */
#define LOOKS 1000000      /* at most, until then: somebody may have put a clock of his before it */

bool clock_counts;

static uint64_t begin_ticks, begin_ns;
static double ratio; /* 0: not known */
static int looks;

uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

void clock_begin(void)
{
	static const char path[] =
		"/sys/devices/system/clocksource/clocksource0/current_clocksource";
	char name[8] = "";
	FILE *f = fopen(path, "re");

	if (f && !fgets(name, sizeof(name), f))
		name[0] = '\0';
	if (f)
		fclose(f);
#ifdef __x86_64__
	clock_counts = !strcmp(name, "tsc\n");
#endif
	begin_ns = clock_ns();
	begin_ticks = clock_ticks();
	ratio = 0;
	looks = LOOKS;
}

double clock_ns_per_tick(void)
{
	uint64_t ns = clock_ns() - begin_ns, ticks = clock_ticks() - begin_ticks;

	if (!clock_counts)
		return 1;
	for (; looks && ns < ENOUGH_NS && !ratio; looks--) {
		ns = clock_ns() - begin_ns;
		ticks = clock_ticks() - begin_ticks;
	}
	if (ns >= ENOUGH_NS && ticks)
		ratio = (double)ns / (double)ticks;
	return ratio;
}
