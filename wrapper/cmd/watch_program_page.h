/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watch_program_page: 'teletap watch' for one of the pages that a program draws itself.
 */
#ifndef TELETAP_CMD_WATCH_PROGRAM_PAGE_H
#define TELETAP_CMD_WATCH_PROGRAM_PAGE_H

#include "cmd/cmd.h"

/* Prints the page every interval until the process ends. It needs -p. */
enum status watch_own(const struct opts *o, int number);

#endif
