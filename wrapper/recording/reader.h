/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reader: a file of protocol lines, from which every page can be drawn again.
 *
 * The file is a series of zstd frames, each with its size and a checksum, so that
 * what was written before a crash can be read, and zstdcat shows all of it. The first
 * frame says what was recorded, every other one is a moment. Fields are separated by
 * tabs, and text escaped as in docs/protocol.md:
 *
 *   recording VERSION
 *   target  PID EXE PYTHON          PID 0: every process of EXE; PYTHON may be empty
 *   target  0 EXE PYTHON GROUP      where several processes are one target: struct render_target
 *
 *   moment  KIND NUMBER REAL_NS     NUMBER: of the page, from 1; 0 where there is none
 *   from    MODULE BYTES BEGIN_NS LINES
 *                                   then BYTES bytes: what the module sent, verbatim;
 *                                   BEGIN_NS: see state_begin, 0: not now;
 *                                   LINES: how many were not understood before these
 *   (more modules)
 *
 * KIND is base (the first snapshot of each module), again (in a file that follows on
 * another one: dictionary and last snapshot), page, or last (the last page).
 * A file is not trusted: sizes are bounded, and whatever is odd ends the reading.
 */
#ifndef TELETAP_RECORDING_READER_H
#define TELETAP_RECORDING_READER_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORDING_VERSION 1
#define RECORDING_FRAME_MAX (64 << 20) /* bytes of lines in a moment */
#define RECORDING_FILE_MAX (1L << 30)
#define RECORDING_MODULES 32
#define RECORDING_NAME 32
#define RECORDING_PYTHON 24

enum moment_kind { MOMENT_BASE, MOMENT_AGAIN, MOMENT_PAGE, MOMENT_LAST };

/* One module's lines of a moment; they belong to the recording. */
struct moment_part {
	const char *module;
	char *lines;
	size_t len;
	int64_t begin_ns;
	int64_t not_understood;
};

struct moment {
	enum moment_kind kind;
	int64_t number;
	int64_t real_ns;
	int n_parts;
	struct moment_part parts[RECORDING_MODULES];
};

struct recording {
	const unsigned char *data;
	size_t size, at;
	char *text; /* of the present frame */
	size_t room;
	int pid;
	char exe[PATH_MAX];
	char python[RECORDING_PYTHON];
	char group[PATH_MAX + 16]; /* "": none */
	bool cut;                  /* the file ended within a frame */
};

/*
 * Reads the first frame of a recording that lies in memory, which must stay there.
 * Returns 0; -EINVAL when it is not a recording, -EPROTO when its version is another one.
 */
int recording_begin(struct recording *r, const void *data, size_t size);

/*
 * Reads the next moment; what it points to is valid until the next call. Returns 1;
 * 0 at the end (cut tells whether it is a regular one); -EBADMSG when the file is
 * damaged there; -ENOMEM.
 */
int recording_next(struct recording *r, struct moment *m);

void recording_end(struct recording *r);

/* The words of enum moment_kind. */
extern const char *const moment_words[];

#endif
