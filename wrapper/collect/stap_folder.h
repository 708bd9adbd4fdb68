/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stap_folder: the folder in which a module finds its target's files by links, and staprun
 * the module by its name.
 */
#ifndef TELETAP_COLLECT_STAP_FOLDER_H
#define TELETAP_COLLECT_STAP_FOLDER_H

#include <stddef.h>

#include "module/pack.h"
#include "module/plan.h"

/* What a module's probes go into. */
struct stap_files {
	const char *sites;      /* see struct plan */
	int fds[PLAN_FILES], n; /* the files, open, in the order of the plan; of the host: 0 */
};

struct stap_folder {
	char *path; /* NULL: none */
	int lock;   /* -1: none */
};

/*
 * Makes the folder. Two sessions with the same files would use the same folder, so the one that
 * is starting holds a lock until stap_folder_free. Returns 0, or -errno with *msg set.
 */
int stap_folder_lock(struct stap_folder *folder, const char *sites, char **msg);

/* Fills it; copy becomes the path of the module's copy. Returns 0, or -errno with *msg set. */
int stap_folder_fill(const struct stap_folder *folder, const struct pack_ko *ko, char *copy,
		     size_t size, const struct stap_files *files, char **msg);

/* Removes it. */
void stap_folder_free(struct stap_folder *folder);

/*
 * For a module that keeps its name: nobody else may have it loaded. One whose teletap has just
 * been killed is on its way out, which the reaper sees to, and is waited for. Returns 0, or
 * -errno with *msg set. *lock, if not -1, is to be closed when the module is gone.
 */
int stap_name_take(const char *module, int *lock, char **msg);

#endif
