/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bpf_limits: pages of a CPython that BPF programs do not have, though they have them of others.
 */
#ifndef TELETAP_MODULE_BPF_LIMITS_H
#define TELETAP_MODULE_BPF_LIMITS_H

#include "model/origin.h"
#include "target/target.h"

/* Returns 0 when they have the origin's pages of this file, else -errno with *msg set. */
int bpf_limits_check(const struct origin *origin, const struct target_file *file, char **msg);

/*
 * Which programs (bpf/NAME.bpf.c) have them: the origin's, or those that time calls where the
 * file's CPython tells of entries, too.
 */
const char *bpf_program_name(const struct origin *origin, const struct target_file *file);

#endif
