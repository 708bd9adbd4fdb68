/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bpf_trial: whether the running kernel takes a module's BPF programs from us. Nothing but
 * loading them tells.
 */
#ifndef TELETAP_MODULE_BPF_TRIAL_H
#define TELETAP_MODULE_BPF_TRIAL_H

#include <stdbool.h>

/* Whether the kernel takes the module's programs; else *why (may be NULL). It is asked once. */
bool bpf_loads(const char *module, char **why);

/* Says that the module will be asked for. Its name must stay valid. */
void bpf_want(const char *module);

/*
 * Tries all modules that will be asked for, on all processors: for each the kernel's types are
 * read anew, and the kernel follows each path through the programs.
 */
void bpf_try(void);

#endif
