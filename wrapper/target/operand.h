/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * operand: an argument of a marker -> where a BPF program finds it. x86-64.
 */
#ifndef TELETAP_TARGET_OPERAND_H
#define TELETAP_TARGET_OPERAND_H

#include "bpf/site.h"
#include "target/sdt.h"

/*
 * Parses the first n arguments of a marker of the file open at fd; at: the address, in the file,
 * of the probe. Returns 0; -ENODATA: it has
 * fewer; -ENOTSUP: one is of a kind that is not known (a float); -ENOENT, -ENOTUNIQ: it is a
 * variable, and the file has none, or several, of that name; -EBADMSG: as symbol_find.
 */
int operands_parse(int fd, const struct sdt_marker *marker, uint64_t at, struct operand *operands,
		   int n);

#endif
