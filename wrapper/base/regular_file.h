/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * regular_file: opens files whose names come from outside. Opening anything but a regular file may
 * do something: a watchdog begins to count, a FIFO's writer wakes up, a tape rewinds.
 */
#ifndef TELETAP_BASE_REGULAR_FILE_H
#define TELETAP_BASE_REGULAR_FILE_H

/*
 * Opens a regular file for reading. Returns the file descriptor, or -errno: -ENODEV when it
 * is something else, which is not opened.
 */
int regular_open(const char *path);

/* The same with a path from a folder that is open, as openat takes it. */
int regular_open_at(int folder, const char *path);

#define REGULAR_NONE "no regular file: name a program or a library"

#endif
