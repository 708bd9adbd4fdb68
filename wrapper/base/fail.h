/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The error contract of all stages: 0 or -errno, plus one message that says what
 * is wrong with which object, and what to do next. The function that knows the
 * context sets the message; cmd/ and main print it, with base/log.h.
 */
#ifndef TELETAP_BASE_FAIL_H
#define TELETAP_BASE_FAIL_H

/* Sets *msg, to be freed, unless msg is NULL or *msg is set already. Returns -err. */
int fail(char **msg, int err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
