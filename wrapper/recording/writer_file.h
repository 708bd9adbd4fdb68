/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * writer_file: the frames of a recording (reader.h) on a disk.
 *
 * A frame is written with one write(), so that a killed teletap leaves whole frames; every
 * ten seconds, and at the end, the file is synced to the disk. When FILE has reached its
 * size, it becomes FILE.1, FILE.1 becomes FILE.2 and so on, and a new FILE is begun.
 */
#ifndef TELETAP_RECORDING_WRITER_FILE_H
#define TELETAP_RECORDING_WRITER_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct recorder_file {
	char *path;
	int fd, keep;          /* keep: files in all */
	int64_t size, written; /* bytes: that it may have, that it has */
	int64_t synced_ms;
	struct ZSTD_CCtx_s *zstd;
	char *packed;
	size_t room;
};

/*
 * Makes the file, which must not exist; head is its first frame. To be closed whatever is
 * returned: 0, or -errno with *msg set.
 */
int recorder_file_open(struct recorder_file *f, const char *path, int64_t size, int keep,
		       const char *head, size_t len, char **msg);

/* Writes a frame. Returns 0, or -errno with *msg set: the file then ends before it. */
int recorder_file_write(struct recorder_file *f, const char *frame, size_t len, char **msg);

/* Whether it is time for the next file; begins the next file, and removes the oldest. */
bool recorder_file_is_full(const struct recorder_file *f);
int recorder_file_next(struct recorder_file *f, const char *head, size_t len, char **msg);

/* Syncs the file when the last time was a while ago. Returns 0, or -errno with *msg set. */
int recorder_file_sync(struct recorder_file *f, char **msg);

/* Syncs the file, or removes it; closes it. Returns 0, or -errno with *msg set. */
int recorder_file_close(struct recorder_file *f, bool discard, char **msg);

#endif
