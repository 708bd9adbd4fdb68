/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * command: a pattern of command lines -> the processes that have one.
 */
#ifndef TELETAP_TARGET_COMMAND_H
#define TELETAP_TARGET_COMMAND_H

#include <stdbool.h>
#include <sys/types.h>

/* Whether fn says so of any process of /proc; arg is passed on. */
bool command_any(bool (*fn)(pid_t pid, void *arg), void *arg);

/*
 * Finds the processes whose whole command line, a space between its words, matches the pattern
 * (fnmatch), unless their parent's does, too. One that has just begun may be missed, for a
 * second. Returns how many there are, -ESRCH with *msg set
 * when there is none, or -E2BIG when there are more than max.
 */
int command_find(const char *pattern, pid_t *pids, int max, char **msg);

#endif
