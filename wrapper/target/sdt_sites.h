/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sdt_sites: which sites of a file's markers may be probed.
 */
#ifndef TELETAP_TARGET_SDT_SITES_H
#define TELETAP_TARGET_SDT_SITES_H

#include "target/elf.h"
#include "target/sdt_file.h"

/*
 * Removes from the file's markers those whose site is no nop in executable code, or whose
 * semaphore is not in writable data, and counts them; sets the places in the file of those
 * that stay. Returns 0 or -errno.
 */
int sdt_sites_check(struct image *im, struct sdt_file *file);

#endif
