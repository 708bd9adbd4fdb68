/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * status_limits: from where on page 200 warns, and fails. Pure.
 */
#ifndef TELETAP_PAGES_STATUS_LIMITS_H
#define TELETAP_PAGES_STATUS_LIMITS_H

/* What has a limit. The names stand in the configuration file; all are "too much from". */
enum status_limit {
	LIMIT_DISK_USED,      /* of the fullest file system, a fraction of 1 */
	LIMIT_INODES_USED,    /* likewise */
	LIMIT_MEMORY_USED,    /* a fraction of 1 */
	LIMIT_PRESSURE,       /* part of the last 10 s in which all tasks waited */
	LIMIT_UNITS_FAILED,   /* units of systemd */
	LIMIT_ERRORS,         /* not handled, in the interval */
	LIMIT_ERRORS_HANDLED, /* likewise */
	LIMIT_LOG_ERRORS,     /* lines of level error and worse, in the interval */
	LIMIT_SPANS_FAILED,   /* of those that ended in the interval, a fraction of 1 */
	LIMIT_SPANS_P99,      /* of the slowest operation, seconds */
	LIMIT_GC_SHARE,       /* of the interval, a fraction of 1 */
	LIMIT_GC_PAUSE,       /* the longest of the interval, seconds */
	LIMIT_GIL_SHARE,      /* waits of all threads together, of the interval */
	LIMITS,
};

struct status_limits {
	struct {
		double warn, fail; /* HUGE_VAL: never */
	} limits[LIMITS];
};

/* Their names in the configuration file, and what holds where that has none. */
extern const char *const status_limit_names[LIMITS];
extern const struct status_limits status_defaults;

#endif
