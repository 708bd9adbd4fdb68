// SPDX-License-Identifier: GPL-2.0-or-later
#include "paths.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *paths_alias(const char *id, char out[PATHS_ALIAS_MAX])
{
	snprintf(out, PATHS_ALIAS_MAX, "%s/%s", PATHS_RUN, id);
	return out;
}

int paths_share(char *out, size_t size)
{
	char exe[3072], *slash;
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (n < 0)
		return -errno;
	exe[n] = '\0';
	slash = strrchr(exe, '/');
	*slash = '\0';
	snprintf(out, size, "%s/../share/teletap", exe);
	return access(out, R_OK) ? -errno : 0;
}
