/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * place_pages: the pages of a place, as the frontend asks for them and is sent them, again
 * whenever they have changed.
 */
#ifndef TELETAP_NET_PLACE_PAGES_H
#define TELETAP_NET_PLACE_PAGES_H

#include "net/place.h"

/* A page has been asked for. -errno: the frontend is gone. */
int place_pages_want(struct places *all, struct place *p, int number, int64_t now_ms);

/* Sends what has changed of the pages asked for. -errno: the frontend is gone. */
int place_pages_send(struct places *all, struct place *p, int64_t now_ms);

#endif
