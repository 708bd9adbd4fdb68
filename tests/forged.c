// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * forged: the extension's markers without Python, for tests/85-bpf-extension.bats.
 *
 *   forged STEP...: enter:DEPTH:FUNCTION, leave:DEPTH:FUNCTION, sleep:MS, and those below
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "teletap.h"

#define SEMAPHORE(name)                                                                            \
	volatile unsigned short teletap_python_##name##_semaphore                                  \
		__attribute__((section(".probes")))
SEMAPHORE(function__entry);
SEMAPHORE(function__return);
SEMAPHORE(sums);

struct row {
	const char *file, *function;
	long line;
	uint64_t calls, inclusive, exclusive;
};

static void enter(const char *f, unsigned depth)
{
	TELETAP_MARK4_(teletap_python, function__entry, "8", "a.py", "8", f, "-4", 7, "4", depth)
}

static void leave(const char *f, unsigned depth)
{
	TELETAP_MARK4_(teletap_python, function__return, "8", "a.py", "8", f, "-4", 7, "4", depth)
}

static void sums(const struct row *rows, size_t n, size_t size, uint64_t lost)
{
	__asm__ volatile("" : : : "memory"); /* the rows are written */
	TELETAP_MARK4_(teletap_python, sums, "8", rows, "8", n, "8", size, "8", lost)
}

static void *many(void *arg)
{
	struct row r = { "a.py", "many", 7, 3, 5, 2 };

	for (int i = 0; i < 2000; i++) {
		enter("outer", 1);
		enter("inner", 2);
		leave("inner", 2);
		leave("outer", 1);
		sums(&r, 1, sizeof(r), 0);
	}
	return arg;
}

static void *one(void *arg)
{
	struct row r = { "a.py", "one", 7, 1, 5, 5 };

	enter("one", 1);
	leave("one", 1);
	sums(&r, 1, sizeof(r), 0);
	return arg;
}

static void in_threads(void)
{
	pthread_t t[8];

	for (int k = 0; k < 8; k++)
		pthread_create(&t[k], 0, many, 0);
	for (int k = 0; k < 8; k++)
		pthread_join(t[k], 0);
}

static void in_short_threads(void)
{
	pthread_t t;

	for (int k = 0; k < 1500; k++) {
		pthread_create(&t, 0, one, 0);
		pthread_join(t, 0);
	}
}

static void known(void)
{
	struct row rows[] = { { "a.py", "timed", 1, 10, 2000, 1000 },
			      { "b.py", "timed", 1, 1, 30, 20 } };

	sums(rows, 2, sizeof(*rows), 0);
	sums(rows, 1, sizeof(*rows), 0);
}

static void untimed(void)
{
	struct row row = { "a.py", "timed", 1, 10, UINT64_MAX, UINT64_MAX };

	sums(&row, 1, sizeof(row), 0);
}

static void hostile(void)
{
	struct row rows[200];

	for (int k = 0; k < 200; k++)
		rows[k] = (struct row){ "a.py", "full", 1, 1, 0, 0 };
	sums(rows, 200, sizeof(*rows), 5); /* 128 of them */
	sums(rows, 1, 40, 0);
	sums((void *)8, 1, sizeof(*rows), 0);
	rows[0] = (struct row){ (void *)8, "no file", 1, 1, 0, 0 };
	sums(rows, 1, sizeof(*rows), 0);
	rows[0] = (struct row){ "a.py", "huge", 1, UINT64_MAX, 0, 0 };
	sums(rows, 1, sizeof(*rows), 0);
}

static const struct {
	const char *word;
	void (*take)(void);
} steps[] = {
	{ "threads", in_threads }, { "short", in_short_threads }, { "known", known },
	{ "untimed", untimed },    { "hostile", hostile },
};

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		unsigned depth = 0;
		char name[32] = "";

		if (sscanf(argv[i], "enter:%u:%31s", &depth, name) == 2)
			enter(name, depth);
		else if (sscanf(argv[i], "leave:%u:%31s", &depth, name) == 2)
			leave(name, depth);
		else if (sscanf(argv[i], "sleep:%u", &depth) == 1)
			usleep(depth * 1000);
		for (size_t k = 0; k < sizeof(steps) / sizeof(*steps); k++) {
			if (!strcmp(argv[i], steps[k].word))
				steps[k].take();
		}
	}
}
