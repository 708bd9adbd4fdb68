// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/stap_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fail.h"
#include "base/paths.h"
#include "base/signals.h"

#define NAME_MS 3000 /* unloading takes 1 to 2 s in the lab */

static int make_folder(char **msg)
{
	if (mkdir(PATHS_RUN, 0700) && errno != EEXIST)
		return fail(msg, errno, "%s: %s", PATHS_RUN, strerror(errno));
	return 0;
}

/* A file of ours in that folder, to be locked. */
static int open_lock(const char *name)
{
	char path[1024];

	snprintf(path, sizeof(path), "%s/%s.lock", PATHS_RUN, name);
	return open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

int stap_name_take(const char *module, int *lock, char **msg)
{
	*lock = open_lock(module);
	for (int waited = 0; *lock >= 0; waited += 50) {
		if (!flock(*lock, LOCK_EX | LOCK_NB))
			return 0;
		if (errno != EWOULDBLOCK)
			break;
		if (waited >= NAME_MS)
			return fail(msg, EBUSY,
				    "another teletap has the module %s loaded, and a signed module "
				    "runs once at a time: end that one first",
				    module);
		clock_sleep_ms(50);
	}
	return fail(msg, errno, "%s: %s", PATHS_RUN, strerror(errno));
}

int stap_folder_lock(struct stap_folder *folder, const char *sites, char **msg)
{
	char path[PATHS_RUN_MAX];
	int err;

	err = make_folder(msg);
	if (err)
		return err;
	folder->lock = open_lock(sites);
	err = folder->lock < 0 ? -errno : signals_flock(folder->lock);
	paths_folder(sites, path);
	if (err == -EINTR)
		return err;
	if (err)
		return fail(msg, -err, "%s.lock: %s", path, strerror(-err));
	paths_remove(path); /* of a teletap that was killed, and its reaper, too */
	if (mkdir(path, 0700))
		return fail(msg, errno, "%s: %s", path, strerror(errno));
	folder->path = strdup(path);
	return folder->path ? 0 : -ENOMEM;
}

int stap_folder_fill(const struct stap_folder *folder, const struct pack_ko *ko, char *copy,
		     size_t size, const struct stap_files *files, char **msg)
{
	const char *slash = strrchr(ko->path, '/');
	char path[PATHS_RUN_MAX], target[64];

	for (int i = 0; i < files->n; i++) {
		snprintf(target, sizeof(target), "/proc/%d/fd/%d", getpid(), files->fds[i]);
		if (symlink(target, paths_alias(files->sites, i, path)))
			return fail(msg, errno, "%s: %s", path, strerror(errno));
	}
	snprintf(copy, size, "%s/%s", folder->path, slash ? slash + 1 : ko->path);
	return pack_copy(ko, copy, msg);
}

void stap_folder_free(struct stap_folder *folder)
{
	if (folder->path)
		paths_remove(folder->path);
	free(folder->path);
	folder->path = NULL;
	if (folder->lock >= 0)
		close(folder->lock);
	folder->lock = -1;
}
