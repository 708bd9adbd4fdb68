/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ipc: the socket pair between the desk, which talks to the network, and the keeper,
 * which may load modules. Towards the keeper go numbers of pages, and, for an action,
 * the datagram that asks for it (the keeper checks its signature itself). Towards the
 * desk go drawn pages, names of pages, the key for requests, and answers to actions.
 */
#ifndef TELETAP_NET_IPC_H
#define TELETAP_NET_IPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HATCH_BYTES 32768 /* in a message; a page takes several */
#define HATCH_PAGE_MAX (4 << 20)
#define HATCH_NAME 32 /* with its NUL */

enum hatch_kind {
	HATCH_WANT,   /* to the keeper: page */
	HATCH_ACTION, /* to the keeper: id and the datagram; to the desk: id and the answer */
	HATCH_NAMES,  /* to the desk: the names of the program's own pages, HATCH_NAME bytes each */
	HATCH_PAGE,   /* to the desk: a piece of a drawing */
	HATCH_FORGET, /* to the desk: the page is to be asked for again */
	HATCH_KEY,    /* to the desk: the key; no bytes: there is none */
};

struct hatch_message {
	uint32_t kind, page, json, state, sequence, total, offset, id;
	int64_t until_ms; /* of an action: monotonic; later it is not taken */
	uint32_t len;     /* of bytes; not sent */
	unsigned char bytes[HATCH_BYTES];
};

/* Makes the pair. Returns 0 or -errno. */
int hatch_open(int *keeper, int *desk);

/* Sends one message with m->len bytes. Returns 0 or -errno. */
int hatch_send(int fd, const struct hatch_message *m);

/* Takes one message without waiting. 1: it came; 0: none; -errno: the other one is gone. */
int hatch_take(int fd, struct hatch_message *m);

/* Sends a drawing. Returns 0 or -errno. */
int hatch_send_page(int fd, int page, bool json, int state, uint32_t sequence, const char *text,
		    size_t len);

#endif
