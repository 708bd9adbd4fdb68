/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ask: the client's side of request.h: one wish, one host, one page.
 */
#ifndef TELETAP_ASK_H
#define TELETAP_ASK_H

#include <stdbool.h>
#include <stddef.h>

#include "request.h"

struct ask {
	const char *host; /* HOST[:PORT] */
	const char *wish;
	bool json;
	double timeout;           /* seconds, for the whole page */
	const unsigned char *key; /* NULL: not signed, and answers are not checked */
};

struct asked {
	char *text; /* to be freed */
	size_t len;
	enum page_state state;
};

/*
 * Asks, again where no answer comes, and puts the parts together. Returns 0; or -errno
 * with *msg set: -ETIMEDOUT when no (whole) answer has come, -ECONNREFUSED when nobody
 * is there, -EACCES when the request was refused.
 */
int ask_page(const struct ask *a, struct asked *answer, char **msg);

#endif
