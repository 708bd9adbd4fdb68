/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine: the process that may load modules. It draws the pages that the frontend asks for,
 * and again whenever they have changed, as long as they are asked for.
 */
#ifndef TELETAP_NET_ENGINE_H
#define TELETAP_NET_ENGINE_H

#include "net/action.h"
#include "source/source.h"

struct engine {
	const struct opts *o;
	struct source *source;
	struct actions *actions;
	int ipc;     /* to the frontend */
	int signals; /* signalfd: those that end it, and SIGCHLD */
	pid_t frontend;
	bool *metrics;             /* of each of pages[]: whether its metrics are wanted */
	int64_t key_ms, kept_ms;   /* since the keys were read; since metrics were kept */
	bool key_said, token_said; /* that it cannot be read */
	bool contents_asked;       /* and not sent yet */
	bool own_asked[OWN_PAGES]; /* the same for pages that the program draws itself */
};

/* Runs until a signal (its number is returned) or the end of the frontend (-errno, *msg set). */
int engine_run(struct engine *k, char **msg);

#endif
