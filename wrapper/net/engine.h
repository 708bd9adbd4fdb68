/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine: the process that may load modules. It draws the pages that the frontend asks for,
 * and again whenever they have changed, as long as they are asked for.
 */
#ifndef TELETAP_NET_ENGINE_H
#define TELETAP_NET_ENGINE_H

#include "net/action.h"
#include "net/place.h"

struct engine {
	const struct opts *o;
	struct places places;
	struct actions *actions;
	int signals; /* signalfd: those that end it, and SIGCHLD */
	pid_t frontend;
	int64_t key_ms, kept_ms;   /* since the keys were read; since metrics were kept */
	bool key_said, token_said; /* that it cannot be read */
};

/* Runs until a signal (its number is returned) or the end of the frontend (-errno, *msg set). */
int engine_run(struct engine *k, char **msg);

#endif
