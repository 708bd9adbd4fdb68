/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * choose: page, target and host -> the collector, and the plan for it.
 */
#ifndef TELETAP_MODULE_CHOOSE_H
#define TELETAP_MODULE_CHOOSE_H

#include "module/plan.h"

/* The collector whose reason is told when none can have the page. */
enum collector choose_first(const struct page *page, const struct target *t);

/*
 * Whether the collector is taken for this target only when it is named: of a file's processes
 * others know what each does from its beginning on.
 */
bool choose_by_name(const struct page *page, enum collector by, const struct target *t);

/*
 * The first that can be had of: a module that is ready, a BPF program, what reads files of the
 * kernel or of the program, a module that is to be compiled, what is incomplete. A file that
 * not only root may write is probed by BPF before a module. collector: the one that the user
 * wants; -1: any. Returns 0, or -errno with *msg set when the target has what the page needs
 * for none. What a module needs besides (root, a compiler) is looked at when it is loaded.
 */
int choose(const struct page *page, const struct target *t, int collector, const char *pack,
	   struct plan *plan, char **msg);

/* Whether the running kernel loads modules at all, and for us. */
bool choose_loads_modules(void);

/*
 * Whether BPF programs can be used here; else *why. module: of the page, whose object must be
 * installed.
 */
bool choose_bpf(const char *module, char **why);

#endif
