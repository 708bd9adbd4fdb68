// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads the threads of a process again and again, and writes the lines of the protocol: memory
 * PID COUNT.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "collect/memory_threads.h"

int main(int argc, char **argv)
{
	struct memory_stacks stacks = { 0 };
	struct memory memory;
	struct python python;

	if (argc != 3 || !memory_begin(&memory, (pid_t)atoi(argv[1])))
		return 2;
	python_find(&memory, &python);
	if (python.state != PYTHON_READ)
		return 3;
	for (int i = 0; i < atoi(argv[2]); i++) {
		struct memory_counts counts = { .end_ms = clock_ms(CLOCK_MONOTONIC) +
							  MEMORY_LOOK_MS };

		puts("snap");
		if (!memory_stacks_begin(&stacks, stdout, false))
			return 1;
		memory_threads_look(stdout, &memory, &python, &stacks, &counts);
	}
	memory_stacks_free(&stacks);
	memory_end(&memory);
	return ferror(stdout) || fflush(stdout);
}
