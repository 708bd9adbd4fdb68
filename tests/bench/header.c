// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Nanoseconds per round of some loops, the least of RUNS runs, taken in turn. The
 * semaphore is raised here by hand: no tracer is there, so a marker is a nop.
 */
#define TELETAP_PROVIDER bench
#include "teletap.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define RUNS 40
#define ROUNDS 400000
#define LINES 20000

/* Limits in nanoseconds. */
#define LOG_NS 200
#define LOG_WRITES 5 /* with TELETAP_RING=FILE: so many write() of a line to a file */
#define TALLY_NS 10

enum loop { PLAIN, MARKED, IDLE, IDLE_MARKED, TALLY_OFF, TALLY, LOG, STATE, WRITE, LOOPS };

static const char *const names[LOOPS] = {
	"loop that works",
	"the same with a marker, off",
	"loop that does nothing",
	"the same with a marker, off",
	"the same with a tally, off",
	"the same with a tally, on",
	"line of the ring (LOG)",
	"line of the ring (STATE_STEP)",
	"line written to a file",
};

static volatile unsigned long sink;

/* A loop's work: some cycles that depend on each other, as those of real code do. */
static unsigned long work(unsigned long x)
{
	x ^= x << 13;
	x ^= x >> 7;
	return x ^ x << 17;
}

/* Hardly any work: what a marker costs cannot hide in it. */
static unsigned long idle(unsigned long x)
{
	__asm__ volatile("" : "+r"(x));
	return x;
}

/* Each of these is a function by itself, aligned alike. */
#define LOOP(name, body, marker)                                                                   \
	static __attribute__((noinline, aligned(64))) void name(long n)                            \
	{                                                                                          \
		unsigned long x = 88172645463325252;                                               \
                                                                                                   \
		for (long i = 0; i < n; i++) {                                                     \
			x = body(x);                                                               \
			marker;                                                                    \
		}                                                                                  \
		sink = x;                                                                          \
	}

LOOP(run_plain, work, (void)0)
LOOP(run_marked, work, TELETAP_COUNTER("bench", i))
LOOP(run_idle, idle, (void)0)
LOOP(run_idle_marked, idle, TELETAP_COUNTER("bench", i))
LOOP(run_tally, idle, TELETAP_TALLY_ADD("bench", 1))
LOOP(run_log, idle,
     TELETAP_LOG(TELETAP_INFO, "request %ld of %s took %d us, status %d", i, "client", 17, 200))
LOOP(run_state, idle, TELETAP_STATE_STEP("speed", "filtered", "%ld /s", i))

static void run_write(long n)
{
	static const char line[200];
	static FILE *f;

	if (!f)
		f = tmpfile();
	for (long i = 0; f && i < n; i++)
		sink = (unsigned long)pwrite(fileno(f), line, sizeof(line), 128 + i % 100 * 256);
}

static double run(enum loop loop)
{
	static void (*const fns[LOOPS])(long) = { run_plain,       run_marked, run_idle,
						  run_idle_marked, run_tally,  run_tally,
						  run_log,         run_state,  run_write };
	long n = loop >= LOG ? LINES : ROUNDS;
	struct timespec a, b;

	bench_teletap__tally_semaphore = loop == TALLY;
	clock_gettime(CLOCK_MONOTONIC, &a);
	fns[loop](n);
	clock_gettime(CLOCK_MONOTONIC, &b);
	bench_teletap__tally_semaphore = 0;
	return ((double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec)) / (double)n;
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

int main(void)
{
	static double ns[LOOPS][RUNS];
	double marker, noise, tally;
	double limit = LOG_NS;
	int bad = 0;

	for (int r = 0; r < RUNS; r++) {
		for (int l = 0; l < LOOPS; l++)
			ns[l][r] = run((enum loop)l);
	}
	for (int l = 0; l < LOOPS; l++) {
		qsort(ns[l], RUNS, sizeof(ns[l][0]), by_value);
		printf("%-32s %8.2f ns (median %.2f)\n", names[l], ns[l][0], ns[l][RUNS / 2]);
	}
	/* Noise: how far the plain loop is from its own best in half of the runs, at least 5 %. */
	marker = ns[MARKED][0] - ns[PLAIN][0];
	noise = ns[PLAIN][RUNS / 2] - ns[PLAIN][0];
	noise = noise > 0.05 * ns[PLAIN][0] ? noise : 0.05 * ns[PLAIN][0];
	tally = ns[TALLY][0] - ns[IDLE][0];
	if (teletap_file_.at)
		limit = LOG_WRITES * ns[WRITE][0];
	printf("marker, off: %.2f ns; noise of the loop: %.2f ns\n", marker, noise);
	printf("tally, on: %.2f ns per event (limit %d)\n", tally, TALLY_NS);
	printf("line: %.2f ns (limit %.0f)\n", ns[LOG][0], limit);
	bad |= marker > noise;
	bad |= tally > TALLY_NS;
	bad |= ns[LOG][0] > limit;
	if (bad)
		puts("a limit is not kept");
	return bad;
}
