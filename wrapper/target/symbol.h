/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * symbol: a name in a file's symbol tables -> where the variable is.
 */
#ifndef TELETAP_TARGET_SYMBOL_H
#define TELETAP_TARGET_SYMBOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbol {
	bool per_thread; /* a variable of each thread (__thread) */
	int64_t value; /* its address in the file; of a thread's: to be added to the thread pointer
			*/
};

/*
 * Looks the name up among the variables and functions that the file defines; names that only
 * one source file knows are found where the file was not stripped. x86-64. Returns 0; -ENOENT:
 * there is none; -ENOTUNIQ: there are several of that name; -EBADMSG: the tables make no sense.
 */
int symbol_find(int fd, const char *name, struct symbol *s);

#endif
