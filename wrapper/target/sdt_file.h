/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sdt_file: what an ELF file holds of USDT markers, as sdt.h reads it.
 */
#ifndef TELETAP_TARGET_SDT_FILE_H
#define TELETAP_TARGET_SDT_FILE_H

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

#endif
