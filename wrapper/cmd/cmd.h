/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every part of the program shares: exit statuses, messages, and the
 * subcommands. Only main.c and the cmd_*.c files print or exit.
 */
#ifndef TELETAP_CMD_CMD_H
#define TELETAP_CMD_CMD_H

#include <stdbool.h>

#include "base/log.h"
#include "base/options.h"

enum status {
	STATUS_OK = 0,
	STATUS_NO = 1, /* it ran, and the answer is no */
	STATUS_USAGE = 2,
	STATUS_REFUSED = 3, /* the environment refuses */
	STATUS_SIGNAL = 128,
};

struct command {
	const char *name;
	const char *synopsis; /* what follows the name */
	const char *summary;
	const char *options; /* letters of the options it takes, see options.c */
	enum status (*run)(const struct opts *o);
	const char *words; /* what its arguments are, for completion: each of them, the last one
			      for all further ones */
};

/* Whether what goes to standard output is to be coloured. */
bool want_color(const struct opts *o);

/* How wide a page there may be: struct render has it. */
int want_width(void);

/*
 * What is printed between the two fits the terminal: lines that are longer are wrapped between
 * words. Elsewhere than on a terminal it is as it was printed.
 */
void fit_begin(void);
void fit_end(void);

/* Its exit status is that of a plugin: see check.c. */
enum status cmd_check(const struct opts *o);
enum status cmd_build(const struct opts *o);
enum status cmd_doctor(const struct opts *o);
enum status cmd_list(const struct opts *o);
enum status cmd_page(const struct opts *o);
enum status cmd_probes(const struct opts *o);
enum status cmd_record(const struct opts *o);
enum status cmd_replay(const struct opts *o);
enum status cmd_serve(const struct opts *o);
enum status cmd_watch(const struct opts *o);

#endif
