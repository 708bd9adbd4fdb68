/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ring_previous: a process whose ring is a file -> how its earlier runs ended, out of the
 * files of theirs that are kept beside it.
 */
#ifndef TELETAP_COLLECT_RING_PREVIOUS_H
#define TELETAP_COLLECT_RING_PREVIOUS_H

#define RING_EARLIER 3 /* as teletap.h keeps */

/* Records "run" (docs/protocol.md), to be freed; "" when there are none. NULL: out of memory. */
char *ring_earlier(int pid);

#endif
