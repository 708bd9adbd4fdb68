/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel_view: what stap sees of the kernel that it compiles for, in the compiler's mount
 * namespace. Two things differ from what is installed, for the reasons in kernel_view.c.
 */
#ifndef TELETAP_MODULE_KERNEL_VIEW_H
#define TELETAP_MODULE_KERNEL_VIEW_H

/* A System.map with the functions that the scripts probe. Returns 0 or -errno. */
int kernel_view_map(const char *release);

/* Of the headers with tracepoints, those that the scripts need. Returns 0 or -errno. */
int kernel_view_tracepoints(const char *release);

/* All of them again. */
void kernel_view_all_tracepoints(const char *release);

#endif
