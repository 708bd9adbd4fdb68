// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A program with markers of PostgreSQL and of the C library, which it passes as it is told on
 * standard input, a command a line:
 *   MARKER BYTES   passes it; BYTES is the second argument, of markers that have one
 *   sleep MS
 *   say N          answers "said N"
 *   fork 0         a child that goes on from here; the parent does when that has ended, and
 *                  answers "reaped"
 *   exit N
 */
#define _SDT_HAS_SEMAPHORES 1
#include <sys/sdt.h>

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MARKER(provider, marker, pass)                                                             \
	__extension__ unsigned short provider##_##marker##_semaphore                               \
		__attribute__((section(".probes")));                                               \
	static void marker(long bytes)                                                             \
	{                                                                                          \
		(void)bytes;                                                                       \
		if (provider##_##marker##_semaphore)                                               \
			pass;                                                                      \
	}

#define POSTGRES(marker) MARKER(postgresql, marker, STAP_PROBE(postgresql, marker))
#define EVENT(marker) MARKER(libc, marker, STAP_PROBE1(libc, marker, &bytes))
#define MEMORY(marker) MARKER(libc, marker, STAP_PROBE2(libc, marker, &bytes, bytes))

#define MARKERS(POSTGRES, EVENT, MEMORY)                                                           \
	POSTGRES(query__start)                                                                     \
	POSTGRES(query__done)                                                                      \
	POSTGRES(query__parse__start)                                                              \
	POSTGRES(query__parse__done)                                                               \
	POSTGRES(query__plan__start)                                                               \
	POSTGRES(query__plan__done)                                                                \
	POSTGRES(transaction__start)                                                               \
	POSTGRES(transaction__commit)                                                              \
	POSTGRES(transaction__abort)                                                               \
	POSTGRES(lock__wait__start)                                                                \
	POSTGRES(lock__wait__done)                                                                 \
	POSTGRES(lwlock__wait__start)                                                              \
	POSTGRES(lwlock__wait__done)                                                               \
	POSTGRES(checkpoint__start)                                                                \
	POSTGRES(checkpoint__done)                                                                 \
	EVENT(lll_lock_wait)                                                                       \
	EVENT(lll_lock_wait_private)                                                               \
	EVENT(memory_arena_new)                                                                    \
	EVENT(memory_arena_reuse)                                                                  \
	EVENT(memory_arena_reuse_free_list)                                                        \
	EVENT(memory_arena_retry)                                                                  \
	MEMORY(memory_heap_new)                                                                    \
	MEMORY(memory_heap_free)                                                                   \
	MEMORY(memory_sbrk_more)                                                                   \
	MEMORY(memory_sbrk_less)

MARKERS(POSTGRES, EVENT, MEMORY)

#define ROW(marker) { #marker, marker },

static const struct {
	const char *name;
	void (*pass)(long bytes);
} markers[] = { MARKERS(ROW, ROW, ROW) };

static void say(const char *word, long n)
{
	printf("%s %ld\n", word, n);
	fflush(stdout);
}

static void obey(const char *command, long n)
{
	for (size_t i = 0; i < sizeof(markers) / sizeof(markers[0]); i++) {
		if (!strcmp(command, markers[i].name))
			markers[i].pass(n);
	}
	if (!strcmp(command, "sleep"))
		nanosleep(&(struct timespec){ .tv_nsec = n * 1000000 }, NULL);
	if (!strcmp(command, "say"))
		say("said", n);
	if (!strcmp(command, "exit"))
		_exit((int)n);
	if (!strcmp(command, "fork") && fork()) {
		wait(NULL);
		say("reaped", n);
	}
}

int main(void)
{
	char line[100], command[100];
	long n;

	setvbuf(stdin, NULL, _IONBF, 0); /* what a child has not read is its parent's */
	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "%99s %ld", command, &n) == 2)
			obey(command, n);
	}
	return 0;
}
