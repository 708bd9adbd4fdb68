/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crash_file: the files that crashes are kept in. They are text, for people; page 247
 * shows the newest one of a program until it is deleted.
 */
#ifndef TELETAP_COLLECT_CRASH_FILE_H
#define TELETAP_COLLECT_CRASH_FILE_H

#include <stddef.h>
#include <stdint.h>

#define CRASH_FILE_MAX 65536           /* bytes of a file */
#define CRASH_FILE_KEPT 20             /* files in a folder; the oldest one goes */
#define CRASH_FILE_PROGRAM "program  " /* how the line begins that names it */

/* Where they are without an option: as root /var/lib/teletap/crashes. */
const char *crash_file_folder(void);

/* A time as the files have it. */
void crash_file_time(int64_t real_ns, char *out, size_t size);

/*
 * Writes a file, so that it is there as a whole or not at all, also after a power cut; the
 * folder is made when it is missing. *path: its name (to be freed). Returns 0, or -errno
 * with *msg set.
 */
int crash_file_write(const char *folder, int pid, int64_t real_ns, const char *text, char **path,
		     char **msg);

/*
 * The newest file of this program, as records "kept"; to be freed. NULL: there is
 * none, or none that can be read.
 */
char *crash_file_newest(const char *folder, const char *exe);

#endif
