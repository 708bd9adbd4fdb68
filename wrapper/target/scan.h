/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scan: many files -> their markers, several at once.
 */
#ifndef TELETAP_TARGET_SCAN_H
#define TELETAP_TARGET_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "target/maps.h"
#include "target/sdt.h"

struct scan_job {
	char *path;                    /* the file to read (to be freed with the job) */
	bool listed;                   /* one of many names that nobody has typed */
	const struct maps *maps;       /* NULL: as path says. Otherwise the file is not */
	const struct mapping *mapping; /* opened by its path, but as this mapping */
	atomic_long *left;             /* likewise: as for sdt_read_within */

	int ret;              /* 0, or -errno: it could not be read */
	char *msg;            /* what sdt_read or opening it says; NULL: nothing */
	struct sdt_file file; /* as from sdt_read */
};

/* Does all jobs. Release each with scan_job_free. */
void scan_run(struct scan_job *jobs, size_t n);
void scan_job_free(struct scan_job *job);

#endif
