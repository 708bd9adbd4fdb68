/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stap_version: what the installed SystemTap says of itself.
 */
#ifndef TELETAP_MODULE_STAP_VERSION_H
#define TELETAP_MODULE_STAP_VERSION_H

#include <stddef.h>

/* The version, like "5.6"; "unknown" when stap does not say. Returns out. */
const char *stap_version(char *out, size_t size);

#endif
