/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * uprobe: a probe in a file, by perf.
 */
#ifndef TELETAP_TARGET_UPROBE_H
#define TELETAP_TARGET_UPROBE_H

#include <stdint.h>

/* The kernel's number for uprobes; -1: it offers none. */
int uprobe_type(void);

/*
 * Puts a probe into all processes, at an offset in the file, and raises the semaphore at the
 * offset counter (0: none) wherever the probe is. Returns a descriptor, which keeps it there,
 * or -1 with errno set.
 */
int uprobe_open(const char *path, int type, uint64_t where, uint64_t counter);

#endif
