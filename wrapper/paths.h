/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * paths: where teletap has files of its own.
 */
#ifndef TELETAP_PATHS_H
#define TELETAP_PATHS_H

#include <stddef.h>

/* What is there while teletap runs: aliases, locks. */
#define PATHS_RUN "/run/teletap"

/*
 * The path that a module's probes are compiled for. When a module is loaded it is a link
 * to the target's file, so that one module serves that file wherever it lies. id: see
 * struct plan. Writes to out; returns out.
 */
#define PATHS_ALIAS_MAX 256
const char *paths_alias(const char *id, char out[PATHS_ALIAS_MAX]);

/*
 * The folder with stp/, tapsets/ and python/: ../share/teletap from the program. Returns 0,
 * or -errno when it is not there.
 */
int paths_share(char *out, size_t size);

#endif
