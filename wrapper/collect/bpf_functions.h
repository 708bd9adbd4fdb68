/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bpf_functions: what BPF programs about calls of functions have in common.
 */
#ifndef TELETAP_COLLECT_BPF_FUNCTIONS_H
#define TELETAP_COLLECT_BPF_FUNCTIONS_H

#include "collect/bpf_collector.h"

/*
 * CPython's markers, where returns only are looked at, and where entries are, too; those of the
 * extension.
 */
extern const struct bpf_probe bpf_return_probes[], bpf_timed_probes[], bpf_extension_probes[];

/* Tells the programs what they need to know of a CPython's frames. */
int bpf_frames_configure(const struct plan *plan, struct config *config);

/* Whether a name can be told, and the user's patterns choose it. */
bool bpf_name_wanted(const struct name_entry *entry, const struct bpf_settings *s);

/* The same of a name that may have been judged before, and keeps the answer (NAME_...). */
bool bpf_name_judge(const struct name_entry *entry, const struct bpf_settings *s, uint8_t *wanted);

/* Forgets what threads that have ended had open, in a map of that name by thread and depth. */
void bpf_open_sweep(const struct bpf_loaded *l, const char *map);

/* Prints whether calls are timed: they are, unless threads change stacks. */
void bpf_switches_line(FILE *f, bool switches, bool jit);

#endif
