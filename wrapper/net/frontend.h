/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frontend: the process that talks to the network. It hands out drawings and asks the
 * keeper for those it lacks; it reads no file and no clock but the system's.
 */
#ifndef TELETAP_NET_FRONTEND_H
#define TELETAP_NET_FRONTEND_H

#include <stdbool.h>

#include "net/sandbox.h"

#define DESK_SOCKETS 8
#define DESK_RATE 100 /* requests per second of a peer that is not this host */

struct desk_socket {
	int fd;
	bool trusted; /* bound to this host's own address: no key is needed */
};

struct desk_options {
	struct desk_socket sockets[DESK_SOCKETS];
	int n_sockets;
	int hatch;
	double rate;
	struct confine confine;
};

/* Gives up all privileges and serves until the keeper is gone; never returns. */
_Noreturn void desk_run(const struct desk_options *o);

#endif
