/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frontend: the process that talks to the network. It hands out drawings and asks the
 * engine for those it lacks; it reads no file and no clock but the system's.
 */
#ifndef TELETAP_NET_FRONTEND_H
#define TELETAP_NET_FRONTEND_H

#include "net/reply_queue.h"
#include "net/sandbox.h"

#define FRONTEND_SOCKETS 8
#define FRONTEND_RATE 100 /* requests per second of a peer that is not this host */

struct frontend_options {
	struct frontend_socket sockets[FRONTEND_SOCKETS];
	int n_sockets;
	struct frontend_socket http; /* that listens for HTTP; fd -1: none */
	int ipc;
	double rate;
	const char (*targets)[REQUEST_TARGET]; /* names, the places from 1 on */
	int n_targets;                         /* 0: place 0 is the only one */
	struct sandbox sandbox;
};

/* Gives up all privileges and serves until the engine is gone; never returns. */
_Noreturn void frontend_run(const struct frontend_options *o);

#endif
