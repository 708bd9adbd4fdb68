/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * histogram: the bucket of a value. wrapper/model/histogram.h has the rule and the way back.
 */
#ifndef TELETAP_BPF_HISTOGRAM_H
#define TELETAP_BPF_HISTOGRAM_H

#include "kernel.h"

/* Of a value of 1 at least: the place of its highest bit. */
static __always_inline uint32_t highest_bit(uint64_t value)
{
	uint32_t at = 0;

	for (uint32_t half = 32; half; half >>= 1) {
		if (value >> half) {
			value >>= half;
			at += half;
		}
	}
	return at;
}

/*
 * 0 to HISTOGRAM_BUCKETS - 1; negative values are in bucket 0. Not static: so the kernel checks it
 * once, and not for each way to each place that it is called from.
 */
__attribute__((noinline)) uint32_t histogram_bucket(int64_t value)
{
	uint32_t e;

	if (value < 16)
		return value < 0 ? 0 : value;
	e = highest_bit(value);
	return ((e - 4) << 4) + (uint32_t)((uint64_t)value >> (e - 4));
}

#endif
