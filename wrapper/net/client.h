/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * client: the client's side of datagram.h: one wish, one page from each host.
 */
#ifndef TELETAP_NET_CLIENT_H
#define TELETAP_NET_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "net/datagram.h"

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
	int err;   /* -ETIMEDOUT: no (whole) answer has come; -ECONNREFUSED: no server is there;
		      -EACCES: the request was refused */
	char *why; /* to be freed; with err */
};

/*
 * Asks all hosts at once, again where no answer comes, and puts the parts together.
 * Returns 0, with an answer or a reason for each; or -ENOMEM.
 */
int ask_pages(const struct ask *asks, int n, struct asked *answers);

#endif
