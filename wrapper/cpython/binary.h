/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * binary: an ELF file -> the version of the CPython in it, and what it says of itself.
 */
#ifndef TELETAP_CPYTHON_BINARY_H
#define TELETAP_CPYTHON_BINARY_H

#include <gelf.h>
#include <stdbool.h>
#include <stdint.h>

#define PYTHON_VERSION_MAX 24

/* Writes the version ("3.14.8", "3.15.0rc1"), or "" when the file at fd holds none. */
void python_version(int fd, char out[PYTHON_VERSION_MAX]);

/*
 * The first PYTHON_WORDS (tapsets/teletap_layouts.h) words of _PyRuntime, as the file at fd has
 * them: where a CPython from 3.13 on tells debuggers about itself (_Py_DebugOffsets,
 * Include/internal/pycore_debug_offsets.h). False: it is no such Python.
 */
bool python_words_read(int fd, uint64_t *words);

/* Whether the file at fd is a free-threaded build of such a CPython. */
bool python_free_threaded(int fd);

/*
 * The address of a symbol that the file exports, with its section's number and its size; 0:
 * there is none.
 */
uint64_t python_symbol(Elf *elf, const char *name, size_t *section, uint64_t *size);

/* What modules are told of their target when they are compiled. */
struct python_place {
	uint32_t version; /* PY_VERSION_HEX; 0: no CPython */
	uint64_t runtime; /* address of _PyRuntime in the file (from .dynsym), */
	uint64_t size;    /* and its size in bytes */
	uint64_t type;    /* address of PyCode_Type in the file */
	bool moves;       /* ET_DYN: addresses are relative to where it is mapped */
	bool library;     /* it asks for no program interpreter: others load it */
	uint64_t code;    /* its executable segment: address, */
	uint64_t offset;  /* offset in the file, */
	uint64_t length;  /* and bytes of it in the file */
	uint64_t bytes;   /* size of the file */
};

/* Reads it from the ELF file at fd; what cannot be had is 0. */
void python_place_read(int fd, struct python_place *p);

#endif
