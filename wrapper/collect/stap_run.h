/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stap_run: .ko file + target -> a running staprun, a stream of lines, an exit
 * verdict. The reasoning about every way out is at the top of stap_run.c.
 */
#ifndef TELETAP_COLLECT_STAP_RUN_H
#define TELETAP_COLLECT_STAP_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "collect/stap_folder.h"
#include "module/pack.h"

#define RUNNER_WORDS 2048
#define RUNNER_PIPE (1 << 20) /* bytes of its lines that can wait to be read */
#define RUNNER_MODULE 64
#define RUNNER_SETTINGS 20

struct runner {
	pid_t pid;                  /* staprun; 0: none */
	pid_t reaper;               /* stap_reaper.h; 0: none */
	char module[RUNNER_MODULE]; /* as the kernel knows it */
	int out;                    /* its lines; -1 when they have ended */
	int err;                    /* its complaints; -1 when they have ended */
	char words[RUNNER_WORDS];   /* the complaints so far */
	struct stap_folder folder;  /* with what the module needs while it is being loaded */
	bool is_signed;             /* the module: it keeps its name, so there is one at a time, */
	int only;                   /* whose teletap holds this lock */
	void *processors; /* cpu_set_t: those that the module has places for; NULL: not known */
};

/*
 * Starts staprun with the module ko; pid is the process watched with its descendants, 0 for
 * all; settings are the script's globals to be set, "NAME=VALUE", NULL-terminated. Returns 0,
 * or -errno with *msg set; -EINTR when a signal has come that its caller blocks (signals.h).
 * Call runner_started once the module answers.
 */
int runner_start(struct runner *r, const struct pack_ko *ko, const struct stap_files *files,
		 pid_t pid, const char *const *settings, char **msg);

/* The module has found its files. */
void runner_started(struct runner *r);

/* Asks the module for a snapshot; false while it cannot hear yet. */
bool runner_ask(struct runner *r);

/* Reads complaints that have come in. */
void runner_listen(struct runner *r);

/* Asks the module to send its last snapshot and go; its lines then end. */
void runner_stop(const struct runner *r);

/*
 * After the lines have ended: waits until staprun has ended and makes sure that
 * the module is gone. Returns staprun's wait status, or -errno with *msg set when
 * the module cannot be removed.
 */
int runner_finish(struct runner *r, char **msg);

/* Removes modules that a killed teletap has left behind, and says how many. */
void runner_sweep(void);

#endif
