/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * targets: those that the configuration names, each by one of unit, cgroup, container, exe, pid,
 * pid_file and command (a pattern):
 *
 *   "targets": { "web": { "unit": "web.service", "pages": ["gc", "spans"],
 *                         "collectors": ["bpf", "memory"] } }
 *
 * pages: those it may have; collectors: those that may be taken; all when it lacks them.
 */
#ifndef TELETAP_NET_TARGETS_H
#define TELETAP_NET_TARGETS_H

#include "base/options.h"
#include "net/datagram.h"

#define TARGETS_MAX 256

struct served {
	char name[REQUEST_TARGET];
	struct opts o;
	char *what;   /* how it is named: "unit web.service" */
	char *value;  /* that o points to */
	bool limited; /* to these pages: */
	bool pages[REQUEST_PAGE_MAX - REQUEST_PAGE_MIN + 1];
};

struct targets {
	struct served *list;
	int n;
};

/*
 * Reads them; all else about them is as in o, whose configuration it is. Returns 0, or -errno
 * with *msg set. To be freed in any case.
 */
int targets_read(struct targets *t, const struct opts *o, char **msg);
void targets_free(struct targets *t);

/* Whether the target may have the page. */
bool target_may(const struct served *s, int page);

#endif
