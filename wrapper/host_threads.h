/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host_threads: whether the target's threads run, out of /proc: the record "threads" of
 * line.h for the page of the host, which needs no module.
 */
#ifndef TELETAP_HOST_THREADS_H
#define TELETAP_HOST_THREADS_H

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "look.h"

struct host_thread {
	pid_t tid;
	int64_t ran_ns; /* -1: it has run since attaching */
};

struct host_threads {
	pid_t pid; /* with its descendants; 0: the processes that run this file: */
	dev_t dev;
	ino_t ino;                  /* 0: none, and no record */
	int64_t attached_ns;        /* when the first one was made; 0: not yet */
	struct host_thread *before; /* that were there then, by number */
	size_t n_before, room;
	int64_t threads, still, unseen; /* of the look under way */
};

/* Prints the record; nothing when there is no thread, or the kernel does not say. */
void host_threads_line(FILE *f, const struct look *l, struct host_threads *t);

#endif
