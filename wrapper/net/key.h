/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * key: the file with the key that requests are signed with: 64 hexadecimal digits
 * (32 random bytes), as 'head -c 32 /dev/urandom | xxd -p -c 64' prints them.
 */
#ifndef TELETAP_NET_KEY_H
#define TELETAP_NET_KEY_H

#include "net/datagram.h"

/*
 * Reads the key. Returns 0, or -errno with *msg set: the file must belong to root or to the
 * user who reads it, and be closed to all others.
 */
int key_read(const char *path, unsigned char key[REQUEST_KEY], char **msg);

#endif
