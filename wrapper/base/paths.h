/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * paths: the places of teletap's own files.
 */
#ifndef TELETAP_BASE_PATHS_H
#define TELETAP_BASE_PATHS_H

#include <stddef.h>

/* The folder of files that exist while teletap runs: aliases, locks. */
#define PATHS_RUN "/run/teletap"

/*
 * A module's folder there, while the module is being loaded, and the path in it that its
 * probes of the n-th file are compiled for: a link to the target's file, so that one module
 * serves that file wherever it lies. sites: see struct plan. Both write to out and return it.
 */
#define PATHS_RUN_MAX 256
const char *paths_folder(const char *sites, char out[PATHS_RUN_MAX]);
const char *paths_alias(const char *sites, int n, char out[PATHS_RUN_MAX]);

/* Removes a folder and everything in it. */
void paths_remove(const char *folder);

/*
 * The folder with stp/, tapsets/ and python/: ../share/teletap from the program. Returns 0,
 * or -errno when it is not there.
 */
int paths_share(char *out, size_t size);

#endif
