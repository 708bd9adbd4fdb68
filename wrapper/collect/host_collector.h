/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host_collector: for the page of the host that needs no module: takes the place of one. It is a
 * process of its own, since what it asks the kernel may take its time; asked for a
 * snapshot, it says what it finds in lines of the protocol.
 */
#ifndef TELETAP_COLLECT_HOST_COLLECTOR_H
#define TELETAP_COLLECT_HOST_COLLECTOR_H

#include <stdbool.h>
#include <sys/types.h>

struct sampler {
	pid_t pid; /* 0: none */
	int in;    /* questions go here; -1: none */
};

struct target;

/*
 * Begins to sample the host, and whether the target's threads run; *out is where the lines
 * come from (to be closed). Returns 0, or -errno with *msg set.
 */
int sampler_start(struct sampler *s, const struct target *t, int *out, char **msg);

/* Asks for a snapshot; final: the last one. False: it does not hear. */
bool sampler_ask(const struct sampler *s, bool final);

/* The lines end. */
void sampler_stop(struct sampler *s);

#endif
