/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * signals: the signals that end teletap, as a descriptor to poll.
 */
#ifndef TELETAP_BASE_SIGNALS_H
#define TELETAP_BASE_SIGNALS_H

#include <stdbool.h>

/*
 * Blocks SIGINT, SIGTERM, SIGQUIT and SIGHUP, the last one unless it is ignored (nohup),
 * and with children SIGCHLD; ignores SIGPIPE and SIGXFSZ. Returns a descriptor to poll; -1 with
 * errno set when there is none.
 */
int signals_open(bool children);

/* In a child, before it runs another program: undoes signals_open. */
void signals_reset(void);

/* Returns the number of a signal that has arrived; 0: none. */
int signals_take(int fd);

/*
 * Waits for the exclusive lock of the file open at fd. Returns 0, or -errno: -EINTR when
 * one of the signals blocked above, but SIGCHLD, has come meanwhile.
 */
int signals_flock(int fd);

#endif
