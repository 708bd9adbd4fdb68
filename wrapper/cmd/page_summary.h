/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * page_summary: what many hosts say of page 200 -> a line for each, its worst row. Hosts of which
 * nothing is known come last.
 */
#ifndef TELETAP_CMD_PAGE_SUMMARY_H
#define TELETAP_CMD_PAGE_SUMMARY_H

#include "cmd/cmd.h"
#include "net/client.h"

/* The answers are JSON. Returns STATUS_NO when a row is FAIL, STATUS_REFUSED when a host is not
 * known. */
enum status summary_print(const struct opts *o, char *const *hosts, const struct asked *answers,
			  int n);

#endif
