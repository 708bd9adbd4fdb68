/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * action: what an operator has allowed to be done over the network: pages 290 to 299.
 *
 * The configuration is one JSON array, read once, at the start:
 *
 *   [ { "page": 291, "name": "restart-web", "title": "Restart the web service",
 *       "command": ["/usr/bin/systemctl", "restart", "web"],
 *       "user": "root", "key": "/etc/teletap/actions.key" } ]
 *
 * command: a program's full path and its arguments, fixed; no shell sees them. user:
 * who runs it (default: nobody). key: the file with the key (key.h) that a request must
 * be signed with; it is read at each use. The configuration must belong to root or
 * the user who reads it, and no one else may write to it.
 *
 * The first request is answered by a page with a code, good for a minute and for one
 * use; a second one that repeats the code is answered at once, and the command starts a
 * second later: an action may end the machine. The page then tells how it ended.
 */
#ifndef TELETAP_NET_ACTION_H
#define TELETAP_NET_ACTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "net/datagram.h"
#include "net/rate_limit.h"

#define ACTIONS_MAX (REQUEST_ACTION_MAX - REQUEST_ACTION_MIN + 1)
#define ACTION_ARGS 32

struct action {
	int page;
	char *name, *title, *key;
	char *argv[ACTION_ARGS + 1];
	uid_t uid;
	gid_t gid;
	char *user;
	/* its present use */
	long code;             /* that a second request must repeat; -1: none */
	long confirmed;        /* the one that was repeated last */
	int64_t code_until_ms; /* all times: monotonic */
	int64_t start_ms;      /* when it is to start; 0: it is not */
	pid_t pid;             /* 0: it does not run */
	int64_t ended_ms;      /* 0: it has not yet */
	int status;            /* of wait */
};

struct actions {
	int n;
	struct action list[ACTIONS_MAX];
	struct peers peers; /* nonces seen */
};

/* Reads the configuration. Returns 0, or -errno with *msg set. */
int actions_read(struct actions *a, const char *path, char **msg);

/* Begins to accept requests. */
void actions_begin(struct actions *a);

/*
 * Takes a request and writes the answer, a signed datagram, into out (REQUEST_PAYLOAD
 * bytes). Returns its length; 0 when the request is not one that may be answered.
 * *log is set to what is to be logged, if anything (to be freed).
 */
size_t actions_take(struct actions *a, const void *datagram, size_t len, int64_t now_ms, void *out,
		    char **log);

/*
 * Starts what is due. Returns how many ms from now on something is due; -1: nothing.
 * *log as above.
 */
int actions_step(struct actions *a, int64_t now_ms, char **log);

/* A child has ended. False: it was none of ours. */
bool actions_reap(struct actions *a, pid_t pid, int status, int64_t now_ms, char **log);

#endif
