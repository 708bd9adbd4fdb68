/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pid_namespace: whether process numbers mean the same here as in the host's PID namespace.
 *
 * A kernel module identifies processes by their numbers in the host's PID namespace, and
 * teletap by the numbers of the command line and of /proc. In a container these may differ:
 * then a page would show another process, or nothing.
 */
#ifndef TELETAP_TARGET_PID_NAMESPACE_H
#define TELETAP_TARGET_PID_NAMESPACE_H

#include <stdbool.h>

/*
 * Whether we are in another PID namespace than the host's, as ROOT/proc/self/ns/pid says (root:
 * "" for this machine). False when that cannot be seen: then there is no /proc at all, or
 * a kernel without PID namespaces.
 */
bool numbers_foreign(const char *root);

/* Returns 0, or -EXDEV with *msg set when no module may be loaded from here. */
int numbers_check(char **msg);

/* Whether /proc shows the numbers of another PID namespace than the one we are in. */
bool numbers_proc_foreign(void);

/* For people: what is wrong, and what to do about it. */
#define NUMBERS_WRONG                                                                              \
	"this is another PID namespace than the host's (a container): its process numbers are "    \
	"not those that a module sees"
#define NUMBERS_REMEDY                                                                             \
	"run teletap on the host itself, or in a container with the host's PID namespace "         \
	"(--pid=host)"

#endif
