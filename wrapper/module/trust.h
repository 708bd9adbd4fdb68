/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trust: whether others than root and us could have written the files of a pack.
 */
#ifndef TELETAP_MODULE_TRUST_H
#define TELETAP_MODULE_TRUST_H

/* The pack's own folder: a link may lead to it. Returns 0, or -errno with *msg set. */
int trust_root(const char *dir, char **msg);

/* The folders between the pack's own one and the file at path; likewise. */
int trust_folders(const char *dir, char *path, char **msg);

/*
 * Opens a file in the pack. It is checked by its descriptor as well, as the one at path may
 * be exchanged at any time by whoever owns a folder above the pack. Returns the descriptor,
 * or -errno with *msg set.
 */
int trust_open(const char *path, char **msg);

#endif
