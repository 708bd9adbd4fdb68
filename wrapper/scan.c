// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * scan: many files -> their markers. The time goes into system calls (open, two
 * reads, close), which run side by side on several processors; and into the disk,
 * where several requests at once take little longer than one. Hence more threads
 * than most machines have processors.
 */
#include "scan.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fail.h"
#include "regular.h"

#define THREADS 8
#define PIECE 16U /* jobs taken at once */

struct queue {
	struct scan_job *jobs;
	size_t n;
	atomic_size_t next;
};

static int path_open(const char *path, char **msg)
{
	int fd = regular_open(path), err = -fd;

	if (fd >= 0)
		return fd;
	if (err == ENODEV)
		return fail(msg, err, "%s: " REGULAR_NONE, path);
	if (err == ENOENT || err == ENOTDIR)
		return fail(msg, err, "%s: no such file: check the name", path);
	if (err == EACCES || err == EPERM)
		return fail(msg, err, "%s: %s: run as root, or as a user who may read it", path,
			    strerror(err));
	return fail(msg, err, "%s: %s", path, strerror(err));
}

static void job_run(struct scan_job *job)
{
	int fd;

	if (job->maps)
		fd = maps_open(job->maps, job->mapping, &job->msg);
	else
		fd = path_open(job->path, &job->msg);
	if (fd < 0) {
		job->ret = fd;
		return;
	}
	job->ret = sdt_read(fd, job->path, &job->file, &job->msg);
	close(fd);
}

static void *queue_work(void *arg)
{
	struct queue *queue = arg;
	size_t at, end;

	while ((at = atomic_fetch_add(&queue->next, PIECE)) < queue->n) {
		end = at + PIECE < queue->n ? at + PIECE : queue->n;
		while (at < end)
			job_run(&queue->jobs[at++]);
	}
	return NULL;
}

void scan_run(struct scan_job *jobs, size_t n)
{
	struct queue queue = { .jobs = jobs, .n = n };
	size_t worth = n / PIECE / 2, started = 0;
	pthread_t threads[THREADS - 1];

	/* This thread works too; where no other can be started, it does all. */
	while (started + 1 < worth && started < THREADS - 1 &&
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
