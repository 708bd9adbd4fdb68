/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unused_bytes: an ELF file -> bytes of it that are in memory, where no program reads or runs them.
 */
#ifndef TELETAP_TARGET_UNUSED_BYTES_H
#define TELETAP_TARGET_UNUSED_BYTES_H

#include <stddef.h>
#include <stdint.h>

/*
 * Finds up to max such bytes of the file open at fd, into at (their file offsets). Each is a
 * 0, so that an instruction of x86 begins there. Which ones, and their order, depends on the
 * file alone. Returns how many, or -errno.
 */
long unused_bytes(int fd, uint64_t *at, size_t max);

#endif
