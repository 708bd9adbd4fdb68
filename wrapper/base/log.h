/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log: what teletap says on standard error, one line each: "teletap: COMMAND: message".
 */
#ifndef TELETAP_BASE_LOG_H
#define TELETAP_BASE_LOG_H

#include <stdbool.h>

/* The command that speaks; whether -v was given. */
void log_begin(const char *command);
void log_verbose(bool on);

void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Only with -v. */
void vsay(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Says why something failed: msg, which may hold names from outside, or the errno -err. */
void say_why(const char *msg, int err);

#endif
