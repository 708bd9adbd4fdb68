/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sdt: an ELF file -> its USDT markers and its build-id.
 */
#ifndef TELETAP_TARGET_SDT_H
#define TELETAP_TARGET_SDT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SDT_BUILD_ID_MAX 64 /* bytes; SHA-1 build-ids have 20 */

/* One site of a marker, as its note in .note.stapsdt tells it. */
struct sdt_marker {
	char *provider;
	char *name;
	char *args;         /* argument string, e.g. "-4@112(%rsp) 8@%r12"; "" for none */
	uint64_t pc;        /* as in the note; of an ET_REL file (.o, .ko), which has no
			       addresses yet, whatever stands there */
	uint64_t base;      /* as in the note: where .stapsdt.base was when it was written */
	uint64_t semaphore; /* as in the note; 0 for none */
	uint64_t shift;     /* add to pc and semaphore (mod 2^64, when nonzero) for this
			       file's real addresses: .stapsdt.base's address - base
			       (prelink moves it); 0 where the file has no such section */
	uint64_t site;      /* offset of the nop in the file, */
	uint64_t counter;   /* and of the semaphore; 0: not known (ET_REL), or none */
	uint64_t nop10;     /* of the nop10 behind the nop, see nop10.h; 0: none */
	bool elsewhere;     /* the kernel does not find the semaphore in processes that start
			       later, see sdt_sites.c */
};

/* What one file holds. Owns all its strings; release with sdt_free. */
struct sdt_file {
	struct sdt_marker *markers; /* all of them sites where a probe may stand */
	size_t n_markers;
	size_t n_left_out;  /* sites where none may: see SDT_LEFT_OUT */
	size_t n_malformed; /* notes and tables reported and left out */
	uint64_t load;      /* of the first segment: its address less its offset */
	uint64_t base;      /* where .stapsdt.base is; 0: nowhere, or no marker */
	unsigned char build_id[SDT_BUILD_ID_MAX];
	size_t build_id_len; /* 0: none */
	int elf_class;       /* ELFCLASS32 or ELFCLASS64 */
	int elf_machine;     /* EM_X86_64, ... */
	int elf_type;        /* ET_EXEC, ET_DYN, ... */
};

/* An operand of a marker, parsed from one word of its argument string. */
struct sdt_arg {
	int size; /* bytes: 1, 2, 4, 8, 16; 0 when the string gives none,
		     which means the machine's word */
	int is_signed;
	int is_float;        /* 4f@, 8f@, 16f@ */
	const char *operand; /* points into the argument string, not terminated */
	size_t operand_len;
};

/*
 * Reads the markers of the file open at fd (any file offset; not closed). path is
 * used in messages only. Returns 0, or -errno: -ENOEXEC when it is no ELF file,
 * -EBADMSG when its ELF header is broken. *msg (msg may be NULL) is overwritten: a
 * line to be freed on error or when n_malformed or n_left_out is not 0, otherwise NULL.
 * After an error there is nothing to free in *file. Several threads may call it at once.
 */
int sdt_read(int fd, const char *path, struct sdt_file *file, char **msg);

/*
 * The same for one of a process's files, which may be many: the bytes of notes read of all
 * of them are bounded. *left begins with SDT_PROCESS_MAX and is shared by its files. What
 * comes after it is used up is counted in n_malformed.
 */
#define SDT_PROCESS_MAX (1 << 27)
int sdt_read_within(int fd, const char *path, atomic_long *left, struct sdt_file *file, char **msg);

void sdt_free(struct sdt_file *file);

/* Why sites are left out, for people, after their number. */
#define SDT_LEFT_OUT                                                                               \
	"left out: the file has no nop there, or no semaphore (the linker dropped the function, "  \
	"or "                                                                                      \
	"the file was altered)"

/* Splits an argument string; returns how many arguments it has (at most max are
 * stored), or -EINVAL when a word is no size@operand. */
int sdt_args(const char *args, struct sdt_arg *arg, int max);

/* The build-id in lower-case hex; out holds 2 * SDT_BUILD_ID_MAX + 1 bytes. */
void sdt_build_id_hex(const struct sdt_file *file, char *out);

#endif
