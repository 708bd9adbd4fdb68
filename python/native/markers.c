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
 *                     the last batch. A row whose times are NO_TIME has been counted only
 */
#include "native.h"

#include "announce.h"

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
	if (teletap_python_sums_semaphore) {
		TELETAP_MARK4_(teletap_python, sums, "8", rows, "8", n, "8", sizeof(*rows), "8",
			       lost)
	}
}

void markers_entry(const char *file, const char *function, int line, uint32_t depth)
{
	if (teletap_python_function__entry_semaphore) {
		TELETAP_MARK4_(teletap_python, function__entry, "8", file, "8", function, "-4",
			       line, "4", depth)
	}
}

void markers_return(const char *file, const char *function, int line, uint32_t depth)
{
	if (teletap_python_function__return_semaphore) {
		TELETAP_MARK4_(teletap_python, function__return, "8", file, "8", function, "-4",
			       line, "4", depth)
	}
}
