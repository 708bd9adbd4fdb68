// SPDX-License-Identifier: GPL-2.0-or-later
#include "recording/writer_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "base/clock.h"
#include "base/fail.h"

#define LEVEL 3
#define SYNC_MS 10000

int recorder_file_write(struct recorder_file *f, const char *frame, size_t len, char **msg)
{
	size_t bound = ZSTD_compressBound(len), n;
	ssize_t done;

	if (bound > f->room) {
		char *more = realloc(f->packed, bound);

		if (!more)
			return fail(msg, ENOMEM, "%s: %s", f->path, strerror(ENOMEM));
		f->packed = more;
		f->room = bound;
	}
	n = ZSTD_compress2(f->zstd, f->packed, f->room, frame, len);
	if (ZSTD_isError(n))
		return fail(msg, EIO, "%s: zstd: %s", f->path, ZSTD_getErrorName(n));
	done = write(f->fd, f->packed, n);
	if (done != (ssize_t)n) {
		int err = done < 0 ? errno : ENOSPC;

		/* Cut back where only a piece of it found room. */
		if (ftruncate(f->fd, (off_t)f->written))
			err = errno;
		return fail(msg, err, "%s: %s: the recording ends here", f->path, strerror(err));
	}
	f->written += done;
	return 0;
}

static int begin(struct recorder_file *f, const char *head, size_t len, char **msg)
{
	f->fd = open(f->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600);
	f->written = 0;
	if (f->fd < 0 && errno == EEXIST)
		return fail(msg, EEXIST, "%s: is there already: name another file, or remove it",
			    f->path);
	if (f->fd < 0)
		return fail(msg, errno, "%s: %s", f->path, strerror(errno));
	return recorder_file_write(f, head, len, msg);
}

int recorder_file_open(struct recorder_file *f, const char *path, int64_t size, int keep,
		       const char *head, size_t len, char **msg)
{
	*f = (struct recorder_file){ .fd = -1, .size = size, .keep = keep };
	f->path = strdup(path);
	f->zstd = ZSTD_createCCtx();
	if (!f->path || !f->zstd)
		return -ENOMEM;
	ZSTD_CCtx_setParameter(f->zstd, ZSTD_c_compressionLevel, LEVEL);
	ZSTD_CCtx_setParameter(f->zstd, ZSTD_c_checksumFlag, 1);
	return begin(f, head, len, msg);
}

bool recorder_file_is_full(const struct recorder_file *f)
{
	return f->written >= f->size;
}

/* FILE, FILE.1, FILE.2 ... */
static void file_name(const struct recorder_file *f, int i, char out[PATH_MAX])
{
	if (i)
		snprintf(out, PATH_MAX, "%s.%d", f->path, i);
	else
		snprintf(out, PATH_MAX, "%s", f->path);
}

int recorder_file_next(struct recorder_file *f, const char *head, size_t len, char **msg)
{
	int err = fdatasync(f->fd) && errno != EINVAL ? -errno : 0;
	char from[PATH_MAX], to[PATH_MAX];

	close(f->fd);
	f->fd = -1;
	file_name(f, f->keep - 1, to);
	if (unlink(to) && errno != ENOENT)
		err = -errno;
	for (int i = f->keep - 1; i > 0 && !err; i--) {
		file_name(f, i - 1, from);
		file_name(f, i, to);
		if (rename(from, to) && errno != ENOENT)
			err = -errno;
	}
	if (err)
		return fail(msg, -err, "%s: %s: the recording ends here", f->path, strerror(-err));
	return begin(f, head, len, msg);
}

int recorder_file_sync(struct recorder_file *f, char **msg)
{
	int64_t now = clock_ms(CLOCK_MONOTONIC);

	if (now - f->synced_ms < SYNC_MS)
		return 0;
	f->synced_ms = now;
	if (fdatasync(f->fd) && errno != EINVAL) /* not a file on a disk */
		return fail(msg, errno, "%s: %s", f->path, strerror(errno));
	return 0;
}

int recorder_file_close(struct recorder_file *f, bool discard, char **msg)
{
	int err = 0;

	f->synced_ms = -SYNC_MS;
	if (f->fd >= 0) {
		err = discard ? unlink(f->path) : recorder_file_sync(f, msg);
		close(f->fd);
	}
	ZSTD_freeCCtx(f->zstd);
	free(f->packed);
	free(f->path);
	return err;
}
