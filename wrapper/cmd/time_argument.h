/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * time_argument: a time as people write it <-> nanoseconds since 1970. All times are UTC, as
 * on the pages.
 */
#ifndef TELETAP_CMD_TIME_ARGUMENT_H
#define TELETAP_CMD_TIME_ARGUMENT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Takes 2026-01-02T03:04:05 (a space for the T; with or without fractions and a Z),
 * 03:04[:05] on the day of begin_ns (on the next one when that is over by then), or
 * +SECONDS after begin_ns. False: it is none of these.
 */
bool moment_parse(const char *text, int64_t begin_ns, int64_t *ns);

/* The other way round, to the second: 2026-01-02T03:04:05. */
void moment_format(int64_t ns, char out[32]);

#endif
