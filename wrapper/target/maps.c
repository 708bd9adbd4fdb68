// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * maps: a process -> the files whose code it has mapped.
 *
 * A path from /proc/PID/maps is no way to the file: after a package upgrade it leads
 * to another one, and it may lie in a mount namespace of its own. So there are three
 * ways, the best first:
 *
 * 1. /proc/PID/map_files/START-END is the mapped file itself, in any container and
 *    after deletion. Following it takes CAP_CHECKPOINT_RESTORE (root has it).
 * 2. /proc/PID/exe is the program itself likewise, and open to its owner.
 * 3. The path, while the kernel does not call it deleted. The kernel writes it as
 *    seen from our root directory (that of a chroot is part of it), and for a file
 *    in a foreign mount namespace from the top of that, where /proc/PID/root leads.
 *    There links may be absolute: openat2 keeps them inside. The inode is compared,
 *    where device numbers say that it can be.
 *
 * A process whose first thread has ended (pthread_exit in main) lives on, but what
 * /proc/PID says of its memory is empty: another thread is looked at then.
 *
 * Only regular files are opened (base/regular_file.h).
 */
#include "target/maps.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/regular_file.h"
#include "base/rights.h"

#define DELETED " (deleted)"

static bool path_is_deleted(const char *path)
{
	size_t len = strlen(path), tail = strlen(DELETED);

	return len > tail && strcmp(path + len - tail, DELETED) == 0;
}

static void map_files_name(const struct maps *maps, const struct mapping *file, char *name,
			   size_t size)
{
	snprintf(name, size, "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, (int)maps->task,
		 file->start, file->end);
}

/* Where the link leads; NULL when that cannot be read (or is too long). To be freed. */
static char *link_read(const char *name)
{
	char target[PATH_MAX + 64];
	ssize_t len = readlink(name, target, sizeof(target));

	return len <= 0 || (size_t)len == sizeof(target) ? NULL : strndup(target, (size_t)len);
}

/* Takes a line of /proc/PID/maps. True: it is an executable mapping of a file. */
static bool line_parse(char *line, struct mapping *file, char **path)
{
	unsigned int major, minor;
	char flags[5];
	int at = 0;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*x %x:%x %" SCNu64 " %n", &file->start,
		   &file->end, flags, &major, &minor, &file->inode, &at) != 6 ||
	    at == 0)
		return false;
	file->dev = makedev(major, minor);
	*path = line + at;
	(*path)[strcspn(*path, "\n")] = '\0';
	return strchr(flags, 'x') && **path == '/';
}

static bool maps_has(const struct maps *maps, const struct mapping *file)
{
	for (size_t i = 0; i < maps->n_files; i++)
		if (maps->files[i].dev == file->dev && maps->files[i].inode == file->inode)
			return true;
	return false;
}

static int maps_add(struct maps *maps, struct mapping file, const char *path)
{
	struct mapping *files;
	char name[64];

	/* The link gives the name as it is; in maps a newline stands as \012. */
	map_files_name(maps, &file, name, sizeof(name));
	file.path = link_read(name);
	if (!file.path)
		file.path = strdup(path);
	files = reallocarray(maps->files, maps->n_files + 1, sizeof(*files));
	if (files)
		maps->files = files;
	if (!files || !file.path) {
		free(file.path);
		return -ENOMEM;
	}
	files[maps->n_files++] = file;
	return 0;
}

static int pid_fail(char **msg, pid_t pid, int err)
{
	if (err == ENOENT || err == ESRCH)
		return fail(msg, ESRCH, "no process %d: check the number with ps", (int)pid);
	if (err == EACCES || err == EPERM)
		return fail(msg, err, "process %d: %s: %s", (int)pid, strerror(err),
			    rights_remedy("run as root, or as the user it runs as"));
	return fail(msg, err, "process %d: /proc/%d/maps: %s", (int)pid, (int)pid, strerror(err));
}

/* Whether the thread is without memory: the leader of a process can have ended alone. */
static bool is_bare(pid_t task)
{
	char name[64], to[1];

	snprintf(name, sizeof(name), "/proc/%d/exe", (int)task);
	return readlink(name, to, sizeof(to)) < 0 && errno == ENOENT;
}

/* Any thread has a folder in /proc, like a process, though it is not listed there. */
static pid_t find_task(pid_t pid)
{
	struct dirent *entry;
	pid_t task = pid;
	char name[64];
	DIR *dir;

	if (!is_bare(pid))
		return pid;
	snprintf(name, sizeof(name), "/proc/%d/task", (int)pid);
	dir = opendir(name);
	while (dir && task == pid && (entry = readdir(dir))) {
		pid_t other = (pid_t)atoi(entry->d_name);

		if (other > 0 && !is_bare(other))
			task = other;
	}
	if (dir)
		closedir(dir);
	return task;
}

int maps_read(pid_t pid, struct maps *maps, char **msg)
{
	struct mapping file;
	char *line = NULL, *path;
	size_t size = 0;
	char name[64];
	FILE *f;
	int ret = 0;

	*maps = (struct maps){ .pid = pid, .task = find_task(pid) };
	snprintf(name, sizeof(name), "/proc/%d/maps", (int)maps->task);
	f = fopen(name, "re");
	if (!f)
		return pid_fail(msg, pid, errno);
	errno = 0;
	while (ret == 0 && getline(&line, &size, f) > 0) {
		file = (struct mapping){ 0 };
		if (line_parse(line, &file, &path) && !maps_has(maps, &file))
			ret = maps_add(maps, file, path);
		errno = 0;
	}
	if (ret)
		fail(msg, -ret, "%s", strerror(-ret));
	else if (ferror(f))
		ret = pid_fail(msg, pid, errno ? errno : EIO);
	free(line);
	fclose(f);
	if (ret)
		maps_free(maps);
	return ret;
}

bool maps_has_inode(pid_t pid, ino_t inode)
{
	struct mapping file;
	char *line = NULL, *path, name[64];
	bool found = false;
	size_t size = 0;
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%d/maps", (int)find_task(pid));
	f = fopen(name, "re");
	while (f && !found && getline(&line, &size, f) > 0)
		found = line_parse(line, &file, &path) && file.inode == inode;
	free(line);
	if (f)
		fclose(f);
	return found;
}

void maps_free(struct maps *maps)
{
	for (size_t i = 0; i < maps->n_files; i++)
		free(maps->files[i].path);
	free(maps->files);
	*maps = (struct maps){ 0 };
}

static int exe_open(const struct maps *maps, const struct mapping *file)
{
	char name[64];
	char *target;
	int fd = -ENOENT;

	snprintf(name, sizeof(name), "/proc/%d/exe", (int)maps->task);
	target = link_read(name);
	if (target && strcmp(target, file->path) == 0)
		fd = regular_open(name);
	free(target);
	return fd;
}

/* The directory from which the paths of the process's files are to be followed. */
static int top_open(const struct maps *maps)
{
	struct stat ours, theirs;
	bool foreign;
	char name[64];
	int fd;

	snprintf(name, sizeof(name), "/proc/%d/ns/mnt", (int)maps->task);
	foreign = stat("/proc/self/ns/mnt", &ours) == 0 && stat(name, &theirs) == 0 &&
		  ours.st_ino != theirs.st_ino;
	snprintf(name, sizeof(name), "/proc/%d/root", (int)maps->task);
	fd = open(foreign ? name : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int path_open(const struct maps *maps, const struct mapping *file)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	char name[64];
	struct stat st;
	int top = top_open(maps), at, ret;

	if (top < 0)
		return top;
	at = (int)syscall(SYS_openat2, top, file->path, &how, sizeof(how));
	if (at < 0 || fstat(at, &st)) {
		ret = -errno;
	} else if (st.st_dev == file->dev && st.st_ino != file->inode) {
		ret = -ESTALE;
	} else {
		snprintf(name, sizeof(name), "/proc/self/fd/%d", at);
		ret = regular_open(name);
	}
	if (at >= 0)
		close(at);
	close(top);
	return ret;
}

int maps_open(const struct maps *maps, const struct mapping *file, char **msg)
{
	char name[64];
	int fd;

	map_files_name(maps, file, name, sizeof(name));
	fd = regular_open(name);
	if (fd < 0 && fd != -ENODEV)
		fd = exe_open(maps, file);
	if (fd < 0 && fd != -ENODEV)
		fd = path_open(maps, file);
	if (fd == -ENODEV)
		return fail(msg, ENODEV, "%s: no regular file", file->path);
	if (fd == -ESTALE || (fd == -ENOENT && path_is_deleted(file->path)))
		return fail(msg, ESTALE,
			    "%s: deleted or replaced since process %d mapped it: "
			    "run as root to read it nevertheless",
			    file->path, (int)maps->pid);
	if (fd < 0)
		return fail(msg, -fd, "%s: mapped by process %d, but: %s: %s", file->path,
			    (int)maps->pid, strerror(-fd), rights_remedy("run as root"));
	return fd;
}
