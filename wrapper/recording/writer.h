/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * writer: writes a recording (reader.h), a moment a frame.
 *
 * When a file has reached its size, the next one (writer_file.h) begins with all that is
 * needed to draw the same pages: the first snapshot of each module, its dictionary, and its
 * last snapshot.
 */
#ifndef TELETAP_RECORDING_WRITER_H
#define TELETAP_RECORDING_WRITER_H

#include "model/subject.h"
#include "recording/reader.h"

#define RECORDER_SIZE_MB 64.0
#define RECORDER_SIZE_MIN 0.01
#define RECORDER_SIZE_MAX 1000.0
#define RECORDER_KEEP 4
#define RECORDER_KEEP_MAX 1000

struct recorder;

/*
 * Makes the file, which must not exist. size: bytes of a file; keep: files in all.
 * *r is to be closed. Returns 0, or -errno with *msg set.
 */
int recorder_open(struct recorder **r, const char *path, int64_t size, int keep,
		  const struct render_target *target, char **msg);

/* A module's number, for the calls below; -1 when there are too many. */
int recorder_module(struct recorder *r, const char *name);

/* A line has come from the module; the state has not seen it yet. */
void recorder_line(struct recorder *r, int module, const char *line, size_t len);

/* The last line has completed a snapshot. */
void recorder_snapshot(struct recorder *r, int module);

/* The module's markers have been enabled since mono_ns: see state_begin. */
void recorder_begin(struct recorder *r, int module, int64_t mono_ns);

/* The number of the module's lines that were not understood so far. */
void recorder_not_understood(struct recorder *r, int module, int64_t lines);

/*
 * Writes what has come in since the last call as one moment. Returns 0, or -errno
 * with *msg set when the file cannot be written.
 */
int recorder_moment(struct recorder *r, enum moment_kind kind, int64_t number, int64_t real_ns,
		    char **msg);

/* Syncs the file to the disk, or removes it. Returns 0, or -errno with *msg set. */
int recorder_close(struct recorder *r, bool discard, char **msg);

#endif
