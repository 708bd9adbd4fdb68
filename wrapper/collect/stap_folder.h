/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stap_folder: the folder in which a module finds its target's files by links, and staprun
 * the module by its name.
 */
#ifndef TELETAP_COLLECT_STAP_FOLDER_H
#define TELETAP_COLLECT_STAP_FOLDER_H

#include <stddef.h>

#include "collect/stap_run.h"

/*
 * Makes the folder of r. Two sessions with the same files would use the same folder, so the
 * one that is starting holds a lock until runner_started. Returns 0, or -errno with *msg set.
 */
int stap_folder_lock(struct runner *r, const char *sites, char **msg);

/* Fills it; copy becomes the path of the module's copy. Returns 0, or -errno with *msg set. */
int stap_folder_fill(struct runner *r, const struct pack_ko *ko, char *copy, size_t size,
		     const struct runner_files *files, char **msg);

/*
 * For a module that keeps its name: nobody else may have it loaded. One whose teletap has just
 * been killed is on its way out, which the reaper sees to, and is waited for. Returns 0, or
 * -errno with *msg set.
 */
int stap_name_take(struct runner *r, char **msg);
void stap_name_free(struct runner *r);

#endif
