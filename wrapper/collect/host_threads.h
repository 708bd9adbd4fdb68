/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host_threads: whether the target's threads run, out of /proc: the record "threads" of
 * line.h for the page of the host, which needs no module.
 */
#ifndef TELETAP_COLLECT_HOST_THREADS_H
#define TELETAP_COLLECT_HOST_THREADS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/rootfs.h"
#include "collect/processes.h"

struct host_thread {
	pid_t tid;
	int64_t ran_ns;   /* in all */
	int64_t since_ns; /* when that was seen first */
};

struct host_threads {
	struct processes all;     /* whose they are; none: no record */
	bool since_attached;      /* still are those only that have not run since then */
	int64_t attached_ns;      /* when the first one was made; 0: not yet */
	struct host_thread *last; /* of the last look, by number */
	size_t n_last;
	/* The look under way. */
	struct host_thread *list;
	size_t n, room;
	int64_t now_ns, threads, still, unseen, longest_ns;
};

/* Prints the record; nothing when there is no thread, or the kernel does not say. */
void host_threads_line(FILE *f, const struct look *l, struct host_threads *t);

#endif
