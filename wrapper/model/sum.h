/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sum: sums and differences of numbers that come from outside. They end at the largest and
 * at the smallest number there is, and never wrap.
 */
#ifndef TELETAP_MODEL_SUM_H
#define TELETAP_MODEL_SUM_H

#include <stdint.h>

/* a + b, or the number next to it. */
static inline int64_t sum_add(int64_t a, int64_t b)
{
	int64_t sum;

	return !__builtin_add_overflow(a, b, &sum) ? sum : a < 0 ? INT64_MIN : INT64_MAX;
}

/* a - b, likewise. */
static inline int64_t sum_minus(int64_t a, int64_t b)
{
	int64_t sum;

	return !__builtin_sub_overflow(a, b, &sum) ? sum : a < 0 ? INT64_MIN : INT64_MAX;
}

#endif
