/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * http_page: the document around a page, for a browser: everything works by links alone; the
 * script adds keys and draws the page anew. Pure.
 */
#ifndef TELETAP_NET_HTTP_PAGE_H
#define TELETAP_NET_HTTP_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "net/datagram.h"

extern const char http_style[], http_script[];

/*
 * The document with a drawn page of len bytes, to be freed; NULL: out of memory. w: which one it
 * is. again: the browser is to ask again by itself.
 */
char *http_page(const struct wish *w, const char *text, size_t len, bool again);

#endif
