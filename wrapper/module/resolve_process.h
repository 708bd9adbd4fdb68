/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * resolve_process: resolve.h for what reads processes, and needs no marker.
 */
#ifndef TELETAP_MODULE_RESOLVE_PROCESS_H
#define TELETAP_MODULE_RESOLVE_PROCESS_H

#include "module/plan.h"

/* Whether the file is a CPython, by the symbols that say where things are. */
bool resolve_is_python(const struct target_file *f);

/* As resolve_page, for the collectors memory and proc. */
int resolve_process(const struct page *page, enum collector by, const struct target *t,
		    struct plan *plan, char **msg);

#endif
