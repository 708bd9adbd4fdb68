/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * child: a collector in a process of its own, so that what takes its time or goes wrong there
 * holds nothing up here. Questions go in; lines of the protocol come out.
 */
#ifndef TELETAP_COLLECT_CHILD_H
#define TELETAP_COLLECT_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/options.h"
#include "module/plan.h"
#include "target/target.h"

#define CHILD_FILES 64

/* What such a collector does. ctx is its own. Functions return 0, or -errno with *msg set. */
struct child_ops {
	const char *process; /* its name, as ps shows it: at most 15 bytes */
	/* In the parent: allocates ctx out of what is wanted. */
	int (*make)(const struct plan *plan, const struct target *t, const struct opts *o,
		    void **ctx, char **msg);
	/* In the parent, when the child has it; also after a failure of make. */
	void (*free)(void *ctx);
	/* The descriptors that the child needs, at most CHILD_FILES. Returns how many. NULL: none.
	 */
	int (*files)(void *ctx, int *fds);
	/* In the child, before the first question: attaches, if there is something to attach. */
	int (*begin)(void *ctx, char **msg);
	/* A descriptor that is readable when work is due between questions; -1: none. NULL: none.
	 */
	int (*fd)(void *ctx);
	void (*work)(void *ctx);
	/* One snapshot, its lines from "snap" to "end", to be freed; NULL: out of memory. */
	char *(*lines)(void *ctx, bool final);
};

struct child {
	const struct child_ops *ops; /* NULL: none was started */
	void *ctx;
	pid_t pid; /* 0: none */
	int in;    /* questions go here; -1: none */
};

/*
 * Starts the collector of the plan and waits until it has begun; *out is where its lines come
 * from (to be closed). Returns 0, or -errno with *msg set; child_stop is due in any case.
 */
int child_start(struct child *c, const struct child_ops *ops, const struct plan *plan,
		const struct target *t, const struct opts *o, int *out, char **msg);

/* Asks for a snapshot; final: the last one. False: the child does not hear. */
bool child_ask(const struct child *c, bool final);

/* The lines end. */
void child_stop(struct child *c);

#endif
