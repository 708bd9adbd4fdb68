/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Buckets of histograms: sixteen per power of two. wrapper/model/histogram.h has the rule and the
 * way back.
 */
#ifndef TELETAP_BUCKET_H
#define TELETAP_BUCKET_H

#include <linux/bitops.h>

/* The bucket of a value, usually nanoseconds: 0 to 959. Negative ones are in bucket 0. */
static int teletap_bucket_of(s64 value)
{
	int e;

	if (value < 16)
		return value < 0 ? 0 : value;
	e = fls64(value) - 1;
	return ((e - 4) << 4) + (value >> (e - 4));
}

#endif
