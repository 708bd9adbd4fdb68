/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * extension: what each program has that takes the markers of the Python extension, too.
 */
#ifndef TELETAP_BPF_EXTENSION_H
#define TELETAP_BPF_EXTENSION_H

#include "session.h"

SEC("uprobe/loaded")
int loaded(void *ctx)
{
	(void)ctx;
	if (watched())
		count(&tables.totals.loaded);
	return 0;
}

#endif
