/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gc_call_sites: an ELF file -> where CPython asks for a garbage collection on
 * somebody's behalf, and not because it is due.
 */
#ifndef TELETAP_CPYTHON_GC_CALL_SITES_H
#define TELETAP_CPYTHON_GC_CALL_SITES_H

#include <stdint.h>

struct python_collect {
	uint64_t python; /* return address of gc.collect()'s call of the collector */
	uint64_t c;      /* of PyGC_Collect()'s */
};

/* Reads them from the ELF file at fd, as addresses in the file; 0: not found. */
void python_collect_read(int fd, struct python_collect *c);

#endif
