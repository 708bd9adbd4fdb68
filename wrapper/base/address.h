/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * address: HOST[:PORT] as people write it.
 */
#ifndef TELETAP_BASE_ADDRESS_H
#define TELETAP_BASE_ADDRESS_H

/*
 * Cuts "HOST", "HOST:PORT", "[ADDR6]" or "[ADDR6]:PORT" in place; a bare IPv6 address
 * is a host. *port stays when there is none in it.
 */
void address_split(char *text, const char **host, const char **port);

#endif
