/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ring_read: where a ring's bytes come from: a process, or a file.
 */
#ifndef TELETAP_COLLECT_RING_READ_H
#define TELETAP_COLLECT_RING_READ_H

#include "collect/ring.h"

/*
 * Reads the ring of a process, without its help; the rings of all files it runs, merged:
 * a program and each library with teletap.h have one each. What cannot be read is
 * counted in left_out when another one can. Returns 0, or -errno with *msg set: -ENOENT
 * when no file it runs has one.
 */
int ring_read_process(struct ring *r, int pid, char **msg);

/* Reads a ring file. Returns 0, or -errno with *msg set. */
int ring_read_file(struct ring *r, const char *path, char **msg);

/* The same with a file that is open, or -errno of that; it is closed. path: for messages. */
int ring_read_open(struct ring *r, int fd, const char *path, char **msg);

#endif
