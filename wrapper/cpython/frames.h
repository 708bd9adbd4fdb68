/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frames: a thread state -> the functions it is in, and their executing lines. Read from a
 * thread that does not run meanwhile (see collect/memory_threads.h), or nothing of it counts.
 */
#ifndef TELETAP_CPYTHON_FRAMES_H
#define TELETAP_CPYTHON_FRAMES_H

#include "cpython/objects.h"

#define FRAMES_SHOWN 1024 /* the innermost ones; the others are counted, */
#define FRAMES_MAX 200000 /* up to so many */
#define FRAMES_TEXT OBJECT_TEXT

/* A code object, as far as it is read. */
struct python_code {
	uint64_t at;
	int first;
	uint64_t lines; /* its table of lines: address, */
	uint64_t size;  /* and bytes */
	char function[FRAMES_TEXT + 4], file[FRAMES_TEXT + 4];
};

struct python_frame {
	uint64_t at;
	int code; /* its place in codes */
	int line; /* -1: it has none */
};

#define FRAMES_CODES 1100

struct python_frames {
	int limit; /* no more frames are read than this; 0: all */
	int n;     /* frames, the innermost first */
	int more;  /* frames that are not shown; with a limit: 1 when there are any */
	int n_codes;
	struct python_frame list[FRAMES_SHOWN];
	struct python_code codes[FRAMES_CODES];
};

/* Adds the frames of a thread state. Returns 0, or -errno: it could not be read. */
int python_frames_read(struct memory *m, const struct python *p, uint64_t thread,
		       struct python_frames *out);

/* Likewise, down to this frame, which is the last one. */
int python_frames_until(struct memory *m, const struct python *p, uint64_t thread, uint64_t last,
			struct python_frames *out);

/* Adds one frame, unless it is of the interpreter itself. Returns 0, or -errno. */
int python_frames_add(struct memory *m, const struct python *p, uint64_t at,
		      struct python_frames *out);

#endif
