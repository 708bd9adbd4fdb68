/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options: the arguments of a subcommand -> the struct of base/options.h.
 */
#ifndef TELETAP_CMD_OPTIONS_H
#define TELETAP_CMD_OPTIONS_H

#include "base/options.h"

struct command;

enum opts_verdict { OPTS_RUN, OPTS_DONE, OPTS_WRONG };

/*
 * Reads argv of the subcommand cmd. OPTS_DONE: help or version was asked for
 * and printed. OPTS_WRONG: a line that says what is wrong stands on stderr.
 */
enum opts_verdict opts_parse(const struct command *cmd, int argc, char **argv, struct opts *o);

/* The long name of the option with this letter. */
const char *opts_name(char letter);

/*
 * Takes numbers behind the first argument as -i and -n: PAGE [SECONDS [COUNT]]. False: one of them
 * is no good, which has then been said.
 */
bool opts_take_interval(struct opts *o);

/*
 * For completion, a line for each option of cmd: "option", the command, "--NAME", "-LETTER" or
 * "-", what its value is ("none", "text", "file", "process", "release", "command", "user", or
 * "words" and these), its help; separated by tabs.
 */
void opts_print(const struct command *cmd);

#endif
