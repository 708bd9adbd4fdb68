/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * syscalls: the names of the kernel's system calls for x86-64, and what threads wait for in
 * them. Pure. Calls are numbers as tapsets/teletap_syscall.stp sends them.
 */
#ifndef TELETAP_MODEL_SYSCALLS_H
#define TELETAP_MODEL_SYSCALLS_H

#include <stdbool.h>
#include <stdint.h>

#define CALLS 512       /* that can have a name, and be chosen */
#define CALL_OLD 1024   /* and above: a call of the table for i386 */
#define CALL_ODD 1023   /* a number that is in no table */
#define CALL_NAME 24    /* bytes of a name made up for one that is not known */
#define CALL_PATTERN 64 /* bytes of one pattern */
#define CALL_MASK (CALLS / 4 + 1)

/* A call's name, or "#NUMBER" in out; "?": an odd one. */
const char *call_name(int64_t call, char out[CALL_NAME]);

/* futex, poll, read, write, disk, sleep, child or other. */
const char *call_reason(int64_t call);

/*
 * The name of an error number, NULL: it has none. Those from 512 to 516 are the kernel's
 * own: it begins the call once more, or the program sees EINTR.
 */
const char *call_error(int64_t error);

/*
 * Patterns as of a shell, separated by commas, of names or #NUMBER: a hexadecimal number
 * with a bit for each call that one of them matches, the first call's last. False: one of
 * them matches none.
 */
bool call_mask(const char *patterns, char out[CALL_MASK]);

#endif
