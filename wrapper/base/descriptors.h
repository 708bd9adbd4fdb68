/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * descriptors: closes the open files that a process must not keep.
 */
#ifndef TELETAP_BASE_DESCRIPTORS_H
#define TELETAP_BASE_DESCRIPTORS_H

/* Closes all but the standard three and these n, in any order; -1 is ignored. */
void descriptors_keep(int *fds, int n);

/* Closes these n; -1 is ignored. */
void descriptors_close(const int *fds, int n);

#endif
