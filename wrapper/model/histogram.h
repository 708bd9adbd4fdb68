/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * histogram: histograms of durations. Sixteen buckets per power of two, so a
 * bucket's middle is at most 1/32 (3.2 %) away from any value in it.
 * tapsets/teletap_bucket.h sorts the values in by the same rule:
 *
 *   v < 16:  bucket v
 *   else     e = floor(log2 v); bucket = (e - 4) * 16 + (v >> (e - 4))
 */
#ifndef TELETAP_MODEL_HISTOGRAM_H
#define TELETAP_MODEL_HISTOGRAM_H

#include <stdbool.h>
#include <stdint.h>

#define BUCKETS 960 /* (62 - 4) * 16 + 32: every positive int64_t has one */

/* The bucket of a value; negative ones are in bucket 0. */
int bucket_of(int64_t value);

/* The middle of a bucket. */
int64_t bucket_value(int bucket);

/* Whether there is any value. */
bool bucket_any(const int64_t counts[BUCKETS]);

/*
 * The value below which the given share of counts lies: 0 when there are none,
 * and never more than max, the largest value seen.
 */
int64_t bucket_percentile(const int64_t counts[BUCKETS], double share, int64_t max);

#endif
