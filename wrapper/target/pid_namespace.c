// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The first namespaces have fixed numbers, include/linux/proc_ns.h: PROC_PID_INIT_INO is
 * 0xEFFFFFFC since Linux 3.8, and since 6.18 part of what user space may rely on
 * (include/uapi/linux/nsfs.h).
 */
#include "target/pid_namespace.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"

#define FIRST "pid:[4026531836]"

/* False: there is no such link. */
static bool link_text(const char *root, const char *path, char *out, size_t size)
{
	char full[PATH_MAX];
	ssize_t n;

	if (snprintf(full, sizeof(full), "%s%s", root, path) >= (int)sizeof(full))
		return false;
	n = readlink(full, out, size - 1);
	out[n > 0 ? n : 0] = '\0';
	return n > 0;
}

bool numbers_foreign(const char *root)
{
	char space[40];

	return link_text(root, "/proc/self/ns/pid", space, sizeof(space)) && strcmp(space, FIRST);
}

int numbers_check(char **msg)
{
	return numbers_foreign("") ? fail(msg, EXDEV, NUMBERS_WRONG ": " NUMBERS_REMEDY) : 0;
}

bool numbers_proc_foreign(void)
{
	char self[16];

	return link_text("", "/proc/self", self, sizeof(self)) && atoi(self) != getpid();
}
