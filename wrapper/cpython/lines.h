/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lines: a code object's table of lines -> the line of an instruction. Pure; the table is
 * hostile.
 */
#ifndef TELETAP_CPYTHON_LINES_H
#define TELETAP_CPYTHON_LINES_H

#include <stddef.h>
#include <stdint.h>

#define LINES_NONE (-1)

/*
 * The line of the instruction at a byte offset; first: of the code object. minor: of the
 * version, 8 and above. LINES_NONE: the instruction has none, or the table makes no sense.
 */
int lines_find(unsigned minor, const unsigned char *table, size_t size, int first, int64_t offset);

#endif
