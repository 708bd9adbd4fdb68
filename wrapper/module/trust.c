// SPDX-License-Identifier: GPL-2.0-or-later
#include "module/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"

static int check_owner(const char *path, const struct stat *st, char **msg)
{
	if (st->st_uid && st->st_uid != geteuid())
		return fail(msg, EPERM,
			    "%s belongs to user %u, who could have changed it: "
			    "'chown root' it once you trust it",
			    path, st->st_uid);
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return fail(msg, EPERM,
			    "%s can be written by others: 'chmod go-w' it once you trust it", path);
	return 0;
}

/* A folder or a file in the pack. */
static int check_entry(const char *path, const struct stat *st, mode_t type, char **msg)
{
	if (S_ISLNK(st->st_mode))
		return fail(msg, ELOOP,
			    "%s: a symbolic link, which a pack has none of: build the pack "
			    "again",
			    path);
	if ((st->st_mode & S_IFMT) != type)
		return fail(msg, EBADMSG, "%s: not a %s: build the pack again", path,
			    type == S_IFDIR ? "folder" : "regular file");
	return check_owner(path, st, msg);
}

static int check_path(const char *path, mode_t type, char **msg)
{
	struct stat st;

	if (lstat(path, &st))
		return fail(msg, errno, "%s: %s: build the pack again", path, strerror(errno));
	return check_entry(path, &st, type, msg);
}

int trust_open(const char *path, char **msg)
{
	int err = check_path(path, S_IFREG, msg), fd;
	struct stat st;

	if (err)
		return err;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		err = fail(msg, errno, "%s: %s", path, strerror(errno));
	else
		err = check_entry(path, &st, S_IFREG, msg);
	if (!err)
		return fd;
	if (fd >= 0)
		close(fd);
	return err;
}

int trust_root(const char *dir, char **msg)
{
	struct stat st;

	if (stat(dir, &st))
		return fail(msg, errno, "%s: %s", dir, strerror(errno));
	return check_owner(dir, &st, msg);
}

int trust_folders(const char *dir, char *path, char **msg)
{
	int err = 0;

	for (char *slash = path + strlen(dir) + 1; !err && (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		err = check_path(path, S_IFDIR, msg);
		*slash = '/';
	}
	return err;
}
