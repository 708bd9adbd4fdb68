/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * app: what applications count, by name: the tables of counters.bpf.c and errors.bpf.c.
 */
#ifndef TELETAP_BPF_APP_H
#define TELETAP_BPF_APP_H

#include "shared.h"

enum { APP_COUNTER, APP_GAUGE, APP_TALLY, APP_KINDS };
enum { APP_HANDLED, APP_UNHANDLED }; /* kinds of errors */

#define APP_NAMES 1024

/* A sum of what an application says; over: it has passed 2^63 - 1, and stays there. */
struct app_sum {
	uint64_t n, over;
};

struct app_sums {
	uint64_t events;         /* that came; the others count when it is not 0 */
	struct app_sum count;    /* that they stood for */
	struct app_sum up, down; /* of what was positive, and of what was negative */
	int64_t last, least, most;
};

struct app_tables {
	struct totals totals;
	uint64_t n_names;
	struct name_entry names[APP_NAMES + 1];
	struct app_sums sums[APP_KINDS][APP_NAMES + 1];
};

#endif
