// SPDX-License-Identifier: GPL-2.0-or-later
#include "bucket.h"

#include <math.h>

int64_t bucket_value(int bucket)
{
	int e;

	if (bucket < 16)
		return bucket;
	e = bucket / 16 + 3;
	return ((16 + bucket % 16) * ((int64_t)1 << (e - 4))) + ((int64_t)1 << (e - 4)) / 2;
}

int64_t bucket_percentile(const int64_t counts[BUCKETS], double share, int64_t max)
{
	int64_t sum = 0, rank, value;

	for (int i = 0; i < BUCKETS; i++)
		sum += counts[i];
	if (sum <= 0)
		return 0;
	rank = (int64_t)ceil(share * (double)sum);
	if (rank < 1)
		rank = 1;
	for (int i = 0; i < BUCKETS; i++) {
		rank -= counts[i];
		if (rank <= 0) {
			value = bucket_value(i);
			return value < max ? value : max;
		}
	}
	return max;
}
