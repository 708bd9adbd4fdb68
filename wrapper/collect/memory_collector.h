/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory_collector: the collector `memory`, which reads a target's CPython from outside, for
 * the pages 210, 223, 224 and 236.
 */
#ifndef TELETAP_COLLECT_MEMORY_COLLECTOR_H
#define TELETAP_COLLECT_MEMORY_COLLECTOR_H

#include "collect/child.h"

extern const struct child_ops memory_ops;

#endif
