// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nops: passes a marker in this process and in a forked child, N times each for a line "N" on
 * standard input, with the red zone in use, as far as the compiler uses it. Answers "0 0" when
 * the child lives and all sums are right; at the end of the input it exits.
 */
#define TELETAP_PROVIDER nops
#include "teletap.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static __attribute__((noinline)) long pass(long a, long b)
{
	volatile long kept[8] = { a, b, a + b, a - b, a * 2, b * 2, a ^ b, a & b };

	TELETAP_COUNTER("passed", b);
	return kept[0] + kept[1] + kept[2] + kept[3] + kept[4] + kept[5] + kept[6] + kept[7];
}

/* How many sums are wrong. */
static int wrong(int n)
{
	int bad = 0;

	for (long i = 0; i < n; i++)
		bad += pass(i, 3) != i + 3 + i + 3 + i - 3 + 2 * i + 6 + (i ^ 3) + (i & 3);
	return bad;
}

int main(void)
{
	char line[32];

	printf("ready\n");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		int n = atoi(line), bad = wrong(n), status = -1;
		pid_t pid = fork();

		if (pid == 0)
			_exit(wrong(n) != 0);
		waitpid(pid, &status, 0);
		printf("%d %d\n", bad, status);
		fflush(stdout);
	}
	return 0;
}
