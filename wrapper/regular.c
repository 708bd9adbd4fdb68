// SPDX-License-Identifier: GPL-2.0-or-later
#include "regular.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

int regular_open(const char *path)
{
	struct stat st;
	int fd;

	if (stat(path, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ENODEV;
	/* The rest is for one who changes it in between: never to wait there. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return fd < 0 ? -errno : fd;
}
