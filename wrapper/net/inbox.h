/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inbox: receives datagrams, each with the address of this host that it was sent to: the
 * answer leaves from there, since the client would not accept one from elsewhere.
 */
#ifndef TELETAP_NET_INBOX_H
#define TELETAP_NET_INBOX_H

#include "net/reply_queue.h"

#define INBOX_BATCH 64 /* datagrams taken at once */

/* Makes a socket tell where a datagram was sent to. */
void inbox_prepare(int fd, int family);

/*
 * Receives what has arrived, without waiting. Returns how many letters there are; they are
 * valid until the next call.
 */
int inbox_take(const struct frontend_socket *socket, struct letter **letters);

#endif
