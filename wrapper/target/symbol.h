/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * symbol: a name in a file's symbol tables -> where the variable is.
 */
#ifndef TELETAP_TARGET_SYMBOL_H
#define TELETAP_TARGET_SYMBOL_H

#include <gelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbol {
	bool per_thread; /* a variable of each thread (__thread) */
	int64_t value; /* its address in the file; of a thread's: to be added to the thread pointer
			*/
};

/* A walk through a file's symbol tables: elf and type are set first, the rest is 0. */
struct symbol_walk {
	Elf *elf;
	unsigned type; /* SHT_SYMTAB, SHT_DYNSYM */
	Elf_Scn *section;
	GElf_Shdr header;
	Elf_Data *data;
	int next;
};

/* The next symbol; *name: NULL when it has none that can be read. False: there is no more. */
bool symbol_next(struct symbol_walk *w, GElf_Sym *symbol, const char **name);

/*
 * Looks the name up among the variables and functions that the file defines; names that only
 * one source file knows are found where the file was not stripped. x86-64. Returns 0; -ENOENT:
 * there is none; -ENOTUNIQ: there are several of that name; -EBADMSG: the tables make no sense.
 */
int symbol_find(int fd, const char *name, struct symbol *s);

#endif
