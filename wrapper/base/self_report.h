/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * self_report: teletap as a program that uses include/teletap.h itself (provider teletap), so that
 * its own pages show what it does: 'teletap watch spans -p PID' of a teletap serve.
 */
#ifndef TELETAP_BASE_SELF_REPORT_H
#define TELETAP_BASE_SELF_REPORT_H

#include <stdint.h>

/* The program begins, and is about to end with this status. */
void self_start(const char *version, const char *command);
void self_stop(int status);

/* A setting in force; value NULL: it has none, and is not reported. */
void self_config(const char *key, const char *value);

/* A message; an error of a command, which has been printed already. */
void self_log(const char *text);
void self_error(const char *place, const char *what);

/*
 * A request has been taken: counted, and its span begins; returns the span's id. These
 * two make no system call.
 */
uint64_t self_request(void);

/* The request with this id has been answered; status 0: with a page. */
void self_answer(uint64_t id, int status);

#endif
