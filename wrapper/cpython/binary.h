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
 * Where a CPython from 3.13 on tells debuggers about itself: _Py_DebugOffsets, at the
 * start of _PyRuntime (Include/internal/pycore_debug_offsets.h, seen in 3.13 to 3.15).
 */
struct python_debug {
	uint64_t runtime; /* address of _PyRuntime in the file */
	uint64_t code;    /* address of the file's first executable segment */
	bool moves;       /* ET_DYN: addresses are relative to where it is mapped */
	bool free_threaded;
	uint64_t head; /* in _PyRuntime: the first interpreter */
	uint64_t next; /* in an interpreter: the next one */
};

/* Reads them from the file at fd. False: it is no such Python. */
bool python_debug_read(int fd, struct python_debug *d);

/* Its first PYTHON_WORDS (layouts.h) words, as the file has them. False: as above. */
bool python_words_read(int fd, uint64_t *words);

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

/* Whether modules can read the stacks of this version (PY_VERSION_HEX). */
bool python_has_stacks(uint32_t version);

/* Reads it from the ELF file at fd; what cannot be had is 0. */
void python_place_read(int fd, struct python_place *p);

#endif
