/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * datagram: datagram <-> request, answer. Pure.
 *
 * UDP, port 25255 unless told otherwise. A request is either plain, as typed into
 * 'nc -u': the wish and a newline; or signed, as 'teletap page' sends it: a head, the
 * wish, and zeros up to REQUEST_BYTES. A wish is PAGE, PAGE json, or (actions) PAGE
 * CODE; PAGE is a number or a name, behind TARGET/ where a server has several targets, and
 * an empty one is 255. The head (numbers are little-endian):
 *
 *    0  4  "TTP1"
 *    4  1  what: 1 request, 2 answer, 3 refusal
 *    5  1  state of the page, in an answer (enum page_state)
 *    6  2  part: the first one wanted; in an answer, this one
 *    8  2  in a request, how many parts may come at once; in an answer, how many there are
 *   10  2  the page's number, in an answer
 *   12  4  sequence of the drawing: parts of different ones do not belong together
 *   16  8  time, in milliseconds since 1970
 *   24 16  nonce: random in a request, repeated in its answers
 *   40 32  HMAC-SHA-512-256 of everything else in the datagram; zeros: not signed
 *   72     the wish, or a piece of the page
 *
 * A plain request is answered by the bare page, in as many datagrams as it takes. A
 * peer that has to prove itself and does not is refused by a datagram that is not
 * longer than its own, or not answered at all. Pages are signed, not encrypted.
 */
#ifndef TELETAP_NET_DATAGRAM_H
#define TELETAP_NET_DATAGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pages/page_state.h"

#define REQUEST_PORT "25255"
#define REQUEST_BYTES 128
#define REQUEST_HEAD 72
#define REQUEST_WISH (REQUEST_BYTES - REQUEST_HEAD) /* with its NUL */
#define REQUEST_NONCE 16
#define REQUEST_MAC 32
#define REQUEST_KEY 32
#define REQUEST_PAYLOAD 1472 /* of UDP in an Ethernet frame */
#define REQUEST_PIECE (REQUEST_PAYLOAD - REQUEST_HEAD)
#define REQUEST_PARTS 16        /* sent at once */
#define REQUEST_WINDOW_MS 30000 /* a request's clock may be off by so much */

#define REQUEST_TARGET 24 /* bytes of a target's name, with its NUL */
#define REQUEST_PAGE_MIN 200
#define REQUEST_PAGE_MAX 399
#define REQUEST_ACTION_MIN 290
#define REQUEST_ACTION_MAX 299

enum request_what { REQUEST_ASK = 1, REQUEST_ANSWER = 2, REQUEST_REFUSAL = 3 };

/* What is wanted. */
struct wish {
	int page; /* 0: none of that name; its name is then in word */
	bool json;
	long code;                   /* of an action; -1: none */
	char word[32];               /* as it was written */
	char target[REQUEST_TARGET]; /* whose page it is; "": none is named */
	int place;                   /* the server's number of it, once it has been looked up */
};

struct request_head {
	enum request_what what;
	enum page_state state;
	unsigned part, parts, page;
	uint32_t sequence;
	uint64_t time_ms;
	unsigned char nonce[REQUEST_NONCE];
};

/* Whether a datagram begins like one with a head. */
bool request_has_head(const void *datagram, size_t len);

/* Reads the head; false when it is none. */
bool request_read(const void *datagram, size_t len, struct request_head *head);

/* Writes the head, its signature all zeros. */
void request_write(void *datagram, const struct request_head *head);

/* Signs a datagram that has a head; whether it was signed with key. */
void request_sign(void *datagram, size_t len, const unsigned char key[REQUEST_KEY]);
bool request_signed(const void *datagram, size_t len, const unsigned char key[REQUEST_KEY]);

/* Whether it is a name that can be asked for: small letters, digits and '-', a letter first. */
bool request_is_name(const char *name, size_t size);

/* Reads a wish of len bytes. False when it is none. */
bool request_wish(const char *text, size_t len, struct wish *wish);

#endif
