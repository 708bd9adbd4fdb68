/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * proc_collector: what the kernel's files and sock_diag(7) say: of the host, and of the
 * target's processes and sockets.
 */
#ifndef TELETAP_COLLECT_PROC_COLLECTOR_H
#define TELETAP_COLLECT_PROC_COLLECTOR_H

#include "collect/child.h"

extern const struct child_ops proc_ops;

#endif
