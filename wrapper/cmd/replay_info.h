/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay_info: what a recording holds: its target, its pages, from when to when.
 */
#ifndef TELETAP_CMD_REPLAY_INFO_H
#define TELETAP_CMD_REPLAY_INFO_H

#include "base/options.h"
#include "source/replay.h"

/*
 * Reads the recording, which has just been opened, to its end and prints what it holds, as text
 * or as one JSON object. A damaged recording is described as far as it can be read. Returns 0,
 * or -errno: it could not be printed.
 */
int replay_info(struct replay *r, enum output output);

/* "gc, spans": the names of the pages that can be drawn; to be freed. NULL: out of memory. */
char *replay_pages(struct replay *r);

#endif
