/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pack_file: the files of a pack are written, copied and compared with their sha256.
 */
#ifndef TELETAP_MODULE_PACK_FILE_H
#define TELETAP_MODULE_PACK_FILE_H

#include "module/sign.h"

#define PACK_HASH 65 /* sha256 in hex, terminated */

/* A module's file, and the sha256 that the manifest gives it. */
struct pack_ko {
	char *path; /* to be freed; "": no module is needed; NULL: none */
	char hash[PACK_HASH];
};

/* The sha256 of a file, in hex. Returns 0 or -errno. */
int pack_hash_file(const char *path, char out[PACK_HASH]);

/* The sha256, in hex, of what is read from fd on. Returns 0 or -errno. */
int pack_hash_fd(int fd, char out[PACK_HASH]);

/*
 * Copies a module's file to a new one, in a folder that is ours alone, and checks the
 * hash of the copy: the one in the pack may be exchanged at any time by whoever owns a
 * folder above it. Returns 0, or -errno with *msg set.
 */
int pack_copy(const struct pack_ko *ko, const char *to, char **msg);

/* Returns -EBADMSG with *msg set: the file has this hash instead of the wanted one. */
int pack_other_file(const char *path, const char *hash, const char *wanted, char **msg);

/* A new file of our own, whatever stood there: a descriptor, or -1 with errno set. */
int pack_create(const char *path);

/*
 * Copies beside the final place, signs there (signer may be NULL; what is signed is what ko
 * has the hash of), then renames: a reader sees the old or the new. hash becomes that of the
 * new one. Returns 0, or -errno with *msg set.
 */
int pack_place(const struct pack_ko *ko, const char *to, const struct signer *signer,
	       char hash[PACK_HASH], char **msg);

#endif
