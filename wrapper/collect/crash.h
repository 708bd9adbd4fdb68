/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crash: what the module of page 247 has kept of a process that died -> backtrace, last
 * words, and a file.
 */
#ifndef TELETAP_COLLECT_CRASH_H
#define TELETAP_COLLECT_CRASH_H

#include <stdbool.h>

#include "model/state.h"

#define CRASH_TOLD 64

struct crash {
	const char *folder;       /* of the files */
	char exe[1024];           /* the program */
	bool begun;               /* the file of an earlier crash has been looked for */
	int64_t told[CRASH_TOLD]; /* numbers of the crashes that have been dealt with */
	int n_told;
};

void crash_begin(struct crash *c, const char *folder, const char *exe);

/*
 * Lines of the protocol that belong to what a snapshot has brought: backtraces and words;
 * once, the newest file of the same program. To be freed; NULL: there is nothing.
 */
char *crash_lines(struct crash *c, const struct state *s);

/*
 * Writes the file of each crash that has none yet. Returns 0, or -errno with *msg set.
 * *path (to be freed): the file written last; NULL: none.
 */
int crash_keep(struct crash *c, const struct state *s, char **path, char **msg);

#endif
