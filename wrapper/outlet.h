/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * outlet: text -> a descriptor whose reader may be slow, or stopped, without being deaf
 * for signals meanwhile.
 */
#ifndef TELETAP_OUTLET_H
#define TELETAP_OUTLET_H

#include <stdbool.h>
#include <stddef.h>

#define OUTLET_GRACE_MS 2000 /* for a reader, once we are to end */

/*
 * Writes all of text to fd; waits while there is no room. That ends OUTLET_GRACE_MS after
 * something could be read from wake (-1: nothing), with hurry after the call. Returns 0,
 * or -errno: -EINTR when the time was up.
 */
int outlet_write(int fd, int wake, bool hurry, const char *text, size_t len);

#endif
