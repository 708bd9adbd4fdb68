/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ipc: the socket pair between the frontend, which talks to the network, and the engine,
 * which may load modules. Towards the engine go numbers of pages and of the places that have
 * them (0, or a target's in the configuration, from 1), and, for an action,
 * the datagram that asks for it (the engine checks its signature itself). Towards the
 * frontend go drawn pages, names of pages, the key for requests, and answers to actions.
 */
#ifndef TELETAP_NET_IPC_H
#define TELETAP_NET_IPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/output.h"

#define IPC_BYTES 32768 /* in a message; a page takes several */
#define IPC_PAGE_MAX (4 << 20)
#define IPC_NAME 32 /* with its NUL */

enum ipc_kind {
	IPC_WANT,   /* to the engine: page; output: OPENMETRICS for the document of metrics */
	IPC_ACTION, /* to the engine: id and the datagram; to the frontend: id and the answer */
	IPC_NAMES,  /* to the frontend: the names of the program's own pages, IPC_NAME bytes each */
	IPC_PAGE,   /* to the frontend: a piece of a drawing */
	IPC_FORGET, /* to the frontend: the page is to be asked for again */
	IPC_KEY,    /* to the frontend: the key; no bytes: there is none */
	IPC_TOKEN,  /* likewise the token of HTTP */
};

struct ipc_message {
	uint32_t kind, place, page, output, state, sequence, total, offset, id;
	int64_t until_ms; /* of an action: monotonic; later it is not taken */
	uint32_t len;     /* of bytes; not sent */
	unsigned char bytes[IPC_BYTES];
};

/* Makes the pair. Returns 0 or -errno. */
int ipc_open(int *engine, int *frontend);

/* Sends one message with m->len bytes. Returns 0 or -errno. */
int ipc_send(int fd, const struct ipc_message *m);

/* Takes one message without waiting. 1: it came; 0: none; -errno: the other one is gone. */
int ipc_take(int fd, struct ipc_message *m);

/* Sends a drawing of the page, place, output, state and sequence of m. Returns 0 or -errno. */
int ipc_send_page(int fd, struct ipc_message *m, const char *text, size_t len);

#endif
