/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * contents: page 255: every page, and whether it is live, can work, or cannot.
 */
#ifndef TELETAP_NET_CONTENTS_H
#define TELETAP_NET_CONTENTS_H

#include "net/action.h"
#include "source/source.h"

/* Draws it; to be freed. NULL: out of memory. */
char *contents_draw(struct source *s, const struct actions *actions, bool json);

#endif
