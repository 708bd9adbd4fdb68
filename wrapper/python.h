/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * python: an ELF file -> the version of the CPython in it.
 */
#ifndef TELETAP_PYTHON_H
#define TELETAP_PYTHON_H

#define PYTHON_VERSION_MAX 24

/* Writes the version ("3.14.8", "3.15.0rc1"), or "" when the file at fd holds none. */
void python_version(int fd, char out[PYTHON_VERSION_MAX]);

#endif
