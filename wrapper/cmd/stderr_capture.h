/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stderr_capture: what is said on standard error while a picture stands on the terminal, which it
 * would tear: it comes in by a pipe instead.
 */
#ifndef TELETAP_CMD_STDERR_CAPTURE_H
#define TELETAP_CMD_STDERR_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>

struct messages {
	int out, in;  /* the pipe; out: readable when something was said */
	int terminal; /* where standard error went before; -1: it is not redirected */
};

/* Makes the pipe. Returns 0 or -errno. */
int messages_open(struct messages *m);

/* From now on standard error goes there, if it is a terminal; until the release. */
void messages_catch(struct messages *m);
void messages_release(struct messages *m);

/* Takes what has come, and writes its last line to out. False: nothing. */
bool messages_take(struct messages *m, char *out, size_t size);

void messages_close(struct messages *m);

#endif
