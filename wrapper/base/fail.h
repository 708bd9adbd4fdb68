/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The error contract of all stages: 0 or -errno, plus one message that says what
 * is wrong with which object, and what to do next. Whoever knows the context
 * sets the message; only main.c and cmd_*.c print it.
 */
#ifndef TELETAP_BASE_FAIL_H
#define TELETAP_BASE_FAIL_H

/* Sets *msg (when msg is not NULL and *msg is; to be freed) and returns -err. */
int fail(char **msg, int err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
