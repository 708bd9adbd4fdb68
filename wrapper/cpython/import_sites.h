/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * import_sites: watches CPython's import markers without raising their semaphores. The
 * reasoning is at the top of import_sites.c.
 */
#ifndef TELETAP_CPYTHON_IMPORT_SITES_H
#define TELETAP_CPYTHON_IMPORT_SITES_H

#include <stdbool.h>

#include "target/sdt.h"

/*
 * Moves each site of the import markers of the CPython open at fd to the jump behind the
 * test of its semaphore: pc, site and args change, and no semaphore is left. There is one
 * argument more then: a beginning has its string object twice, an end has behind the module
 * what stands for one that was not found. A site whose code is
 * not understood stays as it is. Can be called again; does nothing then.
 */
void bypass_imports(int fd, struct sdt_file *sdt);

/* Whether a site of an import marker has stayed where it was. */
bool bypass_lacks(const struct sdt_file *sdt);

#endif
