/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stap_leftover: a module of ours that a killed teletap has left behind.
 */
#ifndef TELETAP_MODULE_LEFTOVER_H
#define TELETAP_MODULE_LEFTOVER_H

#include <stdbool.h>

/*
 * Whether a line of /proc/modules is about one: its teletap has ended. What cannot be seen
 * counts as in use. root: what each path begins with; "" but in tests.
 */
bool leftover(const char *root, const char *line);

#endif
