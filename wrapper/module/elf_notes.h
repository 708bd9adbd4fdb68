/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * elf_notes: markers -> the notes of an ELF file.
 */
#ifndef TELETAP_MODULE_ELF_NOTES_H
#define TELETAP_MODULE_ELF_NOTES_H

#include "target/sdt.h"

/*
 * Replaces the markers' notes of the file open at fd (for reading and writing) by notes of
 * the markers in sdt, without semaphores, and makes it an ET_EXEC file. Returns 0, or
 * -errno: -ENOEXEC when it is not a little-endian 64-bit file, or when there are markers and it
 * has no section .note.stapsdt.
 */
int notes_replace(int fd, const struct sdt_file *sdt);

#endif
