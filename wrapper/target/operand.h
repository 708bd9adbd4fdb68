/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * operand: an argument of a marker -> where a BPF program finds it. x86-64.
 */
#ifndef TELETAP_TARGET_OPERAND_H
#define TELETAP_TARGET_OPERAND_H

#include "bpf/shared.h"
#include "target/sdt.h"

/*
 * Parses the first n arguments of a marker of a file. Returns 0; -ENODATA: it has fewer;
 * -ENOTSUP: one is of a kind that is not known (a float, memory of a thread, a
 * symbol).
 */
int operands_parse(const struct sdt_marker *marker, struct operand *operands, int n);

#endif
