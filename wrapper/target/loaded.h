/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loaded: the ELF files that a process has loaded -> what they export, read from its memory.
 * A file that was deleted, replaced or renamed, or lies in another mount namespace, is as good
 * as any other.
 */
#ifndef TELETAP_TARGET_LOADED_H
#define TELETAP_TARGET_LOADED_H

#include "target/memory.h"

#define LOADED_FILES 4096 /* more are not looked at */
#define LOADED_PARTS 16

struct loaded {
	uint64_t base; /* where its ELF header lies */
	uint64_t bias; /* what is added to its addresses */
	int n_parts;
	struct {
		uint64_t at, size;
		uint64_t stored; /* so many bytes of it come from the file, the others began as 0 */
		bool writable;
	} parts[LOADED_PARTS];     /* its segments in memory */
	uint64_t symbols, strings; /* 0: it exports nothing */
	uint64_t gnu_hash, hash;
};

/* A mapping of a file's beginning; path as in /proc/PID/maps. */
struct loaded_file {
	uint64_t base;
	char *path;
};

struct loaded_files {
	struct loaded_file *list;
	size_t n;
};

/* Lists the files of a process. Returns 0, or -errno. */
int loaded_list(pid_t pid, struct loaded_files *files);
void loaded_list_free(struct loaded_files *files);

/*
 * Reads the header of the file whose beginning lies at base. Returns 0; -ENOEXEC: it is no ELF
 * file of this machine, with *is_32 set for one of 32 bits; another -errno.
 */
int loaded_open(struct memory *m, uint64_t base, struct loaded *l, bool *is_32);

/* The address of an exported symbol; 0: there is none. */
uint64_t loaded_symbol(struct memory *m, const struct loaded *l, const char *name);

#endif
