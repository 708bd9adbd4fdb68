/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * uncounted: processes that belong to a target, but run another file than the one that a module
 * probes: a copy of the interpreter in a child, or what an upgrade has put in the place of a
 * file that is watched with -e. The module does not see them, so the page has to say so; as of a
 * library that the process loads later, and of what the kernel does not switch on later.
 */
#ifndef TELETAP_COLLECT_UNCOUNTED_H
#define TELETAP_COLLECT_UNCOUNTED_H

#include "module/plan.h"

#define UNCOUNTED_FILES 64

struct stat_id {
	dev_t dev;
	ino_t ino;
};

/* As the record "other" has them. */
enum { UNCOUNTED_BELOW, UNCOUNTED_NEW, UNCOUNTED_ITSELF, UNCOUNTED_LOADED, UNCOUNTED_OFF };

/* A file that processes of the target run or load, or that has the name of the target's file. */
struct uncounted_file {
	dev_t dev;
	ino_t ino;
	char path[256];
	int looks; /* for markers; a process that has just begun may not have mapped all yet */
	bool marked, told;
	int how;       /* UNCOUNTED_... */
	int now, most; /* processes of the last look; the most of all looks */
};

struct uncounted {
	const struct target *target; /* NULL: there cannot be any */
	const struct origin *origin;
	struct stat_id watched[1 + PLAN_FILES]; /* the plan's file, and its files */
	int n_watched;
	struct uncounted_file *list; /* grows: collectors have a copy of all that is here */
	int n;
	int64_t looked_ms;
	struct stat_id
		*mapped; /* files of the process that have been looked at; as maps.h has them */
	size_t n_mapped;
	/* Processes, and files of the process, without a place; of the last look, and said. */
	struct unlooked {
		int64_t now, told;
	} processes, files;
};

/* Remembers whose processes are to be looked at; t, and what the plan points to, stay. */
void uncounted_begin(struct uncounted *s, const struct plan *plan, const struct target *t);
void uncounted_end(struct uncounted *s);

/*
 * Looks through /proc, not more often than every two seconds. Returns what is new, as lines of
 * the protocol (records other, unlooked), to be freed; NULL: nothing.
 */
char *uncounted_lines(struct uncounted *s, int64_t now_ms);

#endif
