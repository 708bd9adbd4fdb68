// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/regular_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

int regular_open_at(int folder, const char *path)
{
	struct stat st;
	int fd;

	if (fstatat(folder, path, &st, 0))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ENODEV;
	/* The rest is for one who changes it in between: never to wait there. */
	fd = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

int regular_open(const char *path)
{
	return regular_open_at(AT_FDCWD, path);
}
