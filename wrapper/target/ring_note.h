/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ring_note: the note that include/teletap.h leaves in a program's file: where its ring is.
 */
#ifndef TELETAP_TARGET_RING_NOTE_H
#define TELETAP_TARGET_RING_NOTE_H

#include <stdint.h>

/* Where a program's file says that its ring is. */
struct ring_note {
	uint64_t ring;   /* address of the ring in memory, */
	uint64_t mapped; /* and of a pointer to the mapped one, NULL when there is none */
	uint64_t size;
	uint64_t text; /* address of the first executable segment's first page */
};

/* Reads the note of the file open at fd. Returns 0, -ENOENT when there is none. */
int ring_note_read(int fd, struct ring_note *note);

#endif
