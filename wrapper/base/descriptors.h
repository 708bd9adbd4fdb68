/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * descriptors: which open files a process keeps.
 */
#ifndef TELETAP_BASE_DESCRIPTORS_H
#define TELETAP_BASE_DESCRIPTORS_H

/* Closes all but the standard three and these n, which may be in any order; -1 is none. */
void descriptors_keep(int *fds, int n);

/* Closes these n; -1 is none. */
void descriptors_close(const int *fds, int n);

#endif
