/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * needed: a program -> the file of a library that it needs, as the dynamic linker will find it
 * when the program is started with this environment.
 */
#ifndef TELETAP_TARGET_NEEDED_H
#define TELETAP_TARGET_NEEDED_H

/*
 * The path of the library whose name begins so, of the program at fd, whose path it is; to be
 * freed. NULL: it needs none, or it is not found.
 */
char *needed_find(int fd, const char *path, const char *begins);

#endif
