// SPDX-License-Identifier: 0BSD
/*
 * The markers, all of provider teletap_python. Each is skipped while its semaphore,
 * which a tracer raises, is 0.
 *
 *   function__entry   file, function, line: as those of CPython. The line is the first
 *   function__return  one of the code object in both. Then how many functions are open
 *                     in the thread, this one included
 *   sums              address of struct sum, how many, the size of one, and how many
 *                     calls have been lost (counted, not timed, or not even that) since
 *                     the last batch
 */
#include "native.h"

#define _SDT_HAS_SEMAPHORES 1
#include <sys/sdt.h>

#define SEMAPHORE(name)                                                                            \
	volatile unsigned short teletap_python_##name##_semaphore                                  \
		__attribute__((section(".probes"), visibility("hidden")))

SEMAPHORE(function__entry);
SEMAPHORE(function__return);
SEMAPHORE(sums);

int markers_wanted(void)
{
	return (teletap_python_sums_semaphore ? WANT_SUMS : 0) |
	       (teletap_python_function__entry_semaphore ||
				teletap_python_function__return_semaphore
			? WANT_CALLS
			: 0);
}

void markers_sums(const struct sum *rows, size_t n, uint64_t lost)
{
	if (teletap_python_sums_semaphore)
		STAP_PROBE4(teletap_python, sums, rows, n, sizeof(*rows), lost);
}

void markers_entry(const char *file, const char *function, int line, uint32_t depth)
{
	if (teletap_python_function__entry_semaphore)
		STAP_PROBE4(teletap_python, function__entry, file, function, line, depth);
}

void markers_return(const char *file, const char *function, int line, uint32_t depth)
{
	if (teletap_python_function__return_semaphore)
		STAP_PROBE4(teletap_python, function__return, file, function, line, depth);
}
