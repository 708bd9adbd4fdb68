/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sdt: an ELF file -> its USDT markers and its build-id.
 */
#ifndef TELETAP_TARGET_SDT_H
#define TELETAP_TARGET_SDT_H

#include <stdatomic.h>
#include <stddef.h>

#include "target/sdt_file.h"

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
