/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * version: the version of a CPython before 3.11, which exports none. It is among the constants as
 * PY_VERSION, "3.9.2": a string of its own, or the end of the path ".../versions/3.9.2" with which
 * a linker has merged it.
 */
#ifndef TELETAP_CPYTHON_VERSION_H
#define TELETAP_CPYTHON_VERSION_H

#include <stddef.h>
#include <stdint.h>

#define SCAN_BYTES 65536    /* looked through at once */
#define SCAN_MAX (64 << 20) /* and in all */
#define VERSION_BYTES 10    /* that it takes at most, with the byte before and the NUL */

/*
 * The first version among the bytes that follows the byte "before": PY_VERSION_HEX of a final
 * release; 0: there is none. Parts that are looked through one after the other overlap by
 * VERSION_BYTES.
 */
uint32_t version_find(const char *bytes, size_t n, char before);

#endif
