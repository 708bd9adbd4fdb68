// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/descriptors.h"

#include <stdlib.h>
#include <unistd.h>

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

void descriptors_keep(int *fds, int n)
{
	unsigned from = STDERR_FILENO + 1;

	qsort(fds, (size_t)n, sizeof(fds[0]), compare);
	for (int i = 0; i < n; i++) {
		if (fds[i] < (int)from)
			continue;
		if ((unsigned)fds[i] > from)
			close_range(from, (unsigned)fds[i] - 1, 0);
		from = (unsigned)fds[i] + 1;
	}
	close_range(from, ~0U, 0);
}

void descriptors_close(const int *fds, int n)
{
	for (int i = 0; i < n; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
}
