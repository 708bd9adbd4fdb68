/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host_collector: the host, and whether the target's threads run, out of the kernel's files.
 */
#ifndef TELETAP_COLLECT_HOST_COLLECTOR_H
#define TELETAP_COLLECT_HOST_COLLECTOR_H

#include "collect/child.h"

extern const struct child_ops host_ops;

#endif
