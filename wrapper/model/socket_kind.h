/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * socket_kind: KIND of the record socket.
 */
#ifndef TELETAP_MODEL_SOCKET_KIND_H
#define TELETAP_MODEL_SOCKET_KIND_H

enum socket_kind { KIND_TCP, KIND_UDP, KIND_UNIX }; /* TCP and unix: listening */

#endif
