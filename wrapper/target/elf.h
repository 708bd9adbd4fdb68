/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * elf: an open file -> its ELF header tables, in this machine's byte order and
 * one word size. Nothing in the file is believed before it has been checked.
 */
#ifndef TELETAP_TARGET_ELF_H
#define TELETAP_TARGET_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define IMAGE_HEAD 1024 /* bytes; mostly holds header, segments and build-id */

struct image {
	int fd;
	int class;   /* ELFCLASS32 or ELFCLASS64 */
	int machine; /* EM_X86_64, ... */
	int type;    /* ET_EXEC, ET_DYN, ... */
	bool swap;   /* the other byte order */
	uint64_t shoff, shnum, phoff, phnum;
	uint32_t shstrndx;

	size_t n_malformed;
	const char *why; /* the first malformed thing, */
	uint64_t where;  /* and its offset in the file */

	size_t head_len;
	unsigned char head[IMAGE_HEAD];
};

/* An entry of the section table or the segment table. */
struct image_part {
	uint32_t type;
	uint32_t name; /* sections: offset of the name in the name section */
	uint32_t link, info;
	uint64_t flags, addr, offset, size, align;
	uint64_t memory; /* segments: how long in memory */
};

/*
 * Reads the header of the file open at fd (not closed here). Returns 0, or -errno
 * with the reason in *why (a constant): -ENOEXEC when it is no ELF file, -EBADMSG
 * when it begins like one and its header makes no sense.
 */
int image_open(struct image *im, int fd, const char **why);

/* Reads up to size bytes at offset; returns how many there are, or -errno. */
ssize_t image_read(const struct image *im, void *buf, size_t size, uint64_t offset);

/* The number of 2, 4 or 8 bytes at p, in the file's byte order. */
uint64_t image_get(const struct image *im, const unsigned char *p, size_t size);

/* Counts a malformed thing; the first one's reason (a constant) and place are kept. */
void image_malformed(struct image *im, const char *why, uint64_t where);

/*
 * Call fn for each section or segment of a type (SHT_NOTE, PT_NOTE; IMAGE_ANY: all)
 * until it returns nonzero, which they then return. A table that is cut off or too
 * long is counted as malformed.
 */
#define IMAGE_ANY (-1)
typedef int image_part_fn(struct image *im, const struct image_part *part, void *arg);
int image_sections(struct image *im, int64_t type, image_part_fn *fn, void *arg);
int image_segments(struct image *im, int64_t type, image_part_fn *fn, void *arg);

/* The address of the first section of that name. False: there is none. */
bool image_section_addr(struct image *im, const char *name, uint64_t *addr);

#endif
