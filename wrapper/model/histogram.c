// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/histogram.h"

#include <math.h>

int bucket_of(int64_t value)
{
	int e;

	if (value < 16)
		return value < 0 ? 0 : (int)value;
	e = 63 - __builtin_clzll((uint64_t)value);
	return (e - 4) * 16 + (int)(value >> (e - 4));
}

int64_t bucket_value(int bucket)
{
	int e;

	if (bucket < 16)
		return bucket;
	e = bucket / 16 + 3;
	return ((16 + bucket % 16) * ((int64_t)1 << (e - 4))) + ((int64_t)1 << (e - 4)) / 2;
}

bool bucket_any(const int64_t counts[BUCKETS])
{
	for (int i = 0; i < BUCKETS; i++) {
		if (counts[i])
			return true;
	}
	return false;
}

/* In floating point: exact below 2^53 events, and no sum of any counts overflows. */
int64_t bucket_percentile(const int64_t counts[BUCKETS], double share, int64_t max)
{
	double sum = 0, rank;

	for (int i = 0; i < BUCKETS; i++)
		sum += (double)counts[i];
	if (sum <= 0)
		return 0;
	rank = fmax(ceil(share * sum), 1);
	for (int i = 0; i < BUCKETS; i++) {
		rank -= (double)counts[i];
		if (rank <= 0) {
			int64_t value = bucket_value(i);

			return value < max ? value : max;
		}
	}
	return max;
}
