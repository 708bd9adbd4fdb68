/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * contents: page 255: every page, and whether it is live, can work, or cannot; that of place 0
 * has the targets first.
 */
#ifndef TELETAP_NET_CONTENTS_H
#define TELETAP_NET_CONTENTS_H

#include "net/place.h"

/* Draws it; to be freed. NULL: out of memory. */
char *contents_draw(struct places *all, struct place *p, int64_t now_ms, bool json);

#endif
