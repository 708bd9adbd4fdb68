// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/paths.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *paths_folder(const char *sites, char out[PATHS_RUN_MAX])
{
	snprintf(out, PATHS_RUN_MAX, "%s/%s", PATHS_RUN, sites);
	return out;
}

const char *paths_alias(const char *sites, int n, char out[PATHS_RUN_MAX])
{
	snprintf(out, PATHS_RUN_MAX, "%s/%s/%d", PATHS_RUN, sites, n);
	return out;
}

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

void paths_remove(const char *folder)
{
	nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
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
