// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * scan: many files -> their markers. The time goes into system calls (open, two
 * reads, close), which run side by side on several processors; and into the disk,
 * where several requests at once take little longer than one. Hence more threads
 * than the machine has processors.
 */
#include "target/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/regular_file.h"
#include "base/rights.h"

#define THREADS 8
#define PIECE 16U /* jobs taken at once */

struct queue {
	struct scan_job *jobs;
	size_t n;
	atomic_size_t next;
};

/* The folder of the last name: lists go folder by folder, and its path is followed once. */
struct folder {
	const char *path; /* of a job that is still there; NULL: none */
	size_t len;
	int fd;
	bool plain; /* on a disk of a kind where no devices are */
};

/*
 * Of names in a list, which may be those of a whole system. Devices lie in /dev and its like, which
 * are in memory. Elsewhere the look at what a name is, before it is opened, is saved: a sixth of
 * all time. A pipe is not waited for.
 */
static bool is_plain(int fd)
{
	struct statfs fs;

	return fd >= 0 && !fstatfs(fd, &fs) &&
	       (fs.f_type == EXT4_SUPER_MAGIC || fs.f_type == XFS_SUPER_MAGIC ||
		fs.f_type == BTRFS_SUPER_MAGIC || fs.f_type == OVERLAYFS_SUPER_MAGIC);
}

static int plain_open(int folder, const char *name)
{
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);

	/* A link may lead anywhere. */
	return fd < 0 ? regular_open_at(folder, name) : fd;
}

static int folder_open(struct folder *f, const char *path, bool listed)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;
	char *name;

	if (!len || !slash[1])
		return regular_open(path);
	if (!f->path || len != f->len || memcmp(path, f->path, len) != 0) {
		name = strndup(path, len);
		if (f->path && f->fd >= 0)
			close(f->fd);
		f->fd = name ? open(name, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
		f->plain = is_plain(f->fd);
		f->path = path;
		f->len = len;
		free(name);
	}
	if (f->fd < 0)
		return regular_open(path);
	return listed && f->plain ? plain_open(f->fd, slash + 1)
				  : regular_open_at(f->fd, slash + 1);
}

static int path_open(struct folder *f, const char *path, bool listed, char **msg)
{
	int fd = folder_open(f, path, listed), err = -fd;

	if (fd >= 0)
		return fd;
	if (err == ENODEV)
		return fail(msg, err, "%s: " REGULAR_NONE, path);
	if (err == ENOENT || err == ENOTDIR)
		return fail(msg, err, "%s: no such file: check the name", path);
	if (err == EACCES || err == EPERM)
		return fail(msg, err, "%s: %s: %s", path, strerror(err),
			    rights_remedy("run as root, or as a user who may read it"));
	return fail(msg, err, "%s: %s", path, strerror(err));
}

static void job_run(struct folder *f, struct scan_job *job)
{
	int fd;

	if (job->maps)
		fd = maps_open(job->maps, job->mapping, &job->msg);
	else
		fd = path_open(f, job->path, job->listed, &job->msg);
	if (fd < 0) {
		job->ret = fd;
		return;
	}
	job->ret = sdt_read_within(fd, job->path, job->left, &job->file, &job->msg);
	close(fd);
}

static void *queue_work(void *arg)
{
	struct queue *queue = arg;
	struct folder f = { .fd = -1 };
	size_t at, end;

	while ((at = atomic_fetch_add(&queue->next, PIECE)) < queue->n) {
		end = at + PIECE < queue->n ? at + PIECE : queue->n;
		while (at < end)
			job_run(&f, &queue->jobs[at++]);
	}
	if (f.fd >= 0)
		close(f.fd);
	return NULL;
}

void scan_run(struct scan_job *jobs, size_t n)
{
	struct queue queue = { .jobs = jobs, .n = n };
	size_t worth = n / PIECE / 2, started = 0;
	pthread_t threads[THREADS - 1];
	long cpus = sysconf(_SC_NPROCESSORS_ONLN); /* and one thread more */

	/* This thread works too; where no other can be started, it does all. */
	while (started + 1 < worth && started < THREADS - 1 && (long)started < cpus &&
	       pthread_create(&threads[started], NULL, queue_work, &queue) == 0)
		started++;
	queue_work(&queue);
	while (started)
		pthread_join(threads[--started], NULL);
}

void scan_job_free(struct scan_job *job)
{
	sdt_free(&job->file);
	free(job->msg);
	free(job->path);
	*job = (struct scan_job){ 0 };
}
