/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * free_limits: pages that a free-threaded build of CPython can only have from its memory, or not
 * at all, because they show nothing but stacks, or the lock that such a build does not use.
 */
#ifndef TELETAP_MODULE_FREE_LIMITS_H
#define TELETAP_MODULE_FREE_LIMITS_H

#include "pages/page.h"
#include "target/target.h"

/* For modules and BPF programs: returns 0; -ENOTSUP with *msg set. */
int free_limits_check(const struct page *page, const struct target_file *file, char **msg);

#endif
