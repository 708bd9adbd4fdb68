// SPDX-License-Identifier: GPL-2.0-or-later
#include "pages/status_limits.h"

#include <math.h>

const char *const status_limit_names[LIMITS] = {
	[LIMIT_DISK_USED] = "disk_used",
	[LIMIT_INODES_USED] = "inodes_used",
	[LIMIT_MEMORY_USED] = "memory_used",
	[LIMIT_PRESSURE] = "pressure",
	[LIMIT_UNITS_FAILED] = "units_failed",
	[LIMIT_ERRORS] = "errors",
	[LIMIT_ERRORS_HANDLED] = "errors_handled",
	[LIMIT_LOG_ERRORS] = "log_errors",
	[LIMIT_SPANS_FAILED] = "spans_failed",
	[LIMIT_SPANS_P99] = "spans_p99_s",
	[LIMIT_GC_SHARE] = "gc_share",
	[LIMIT_GC_PAUSE] = "gc_pause_s",
	[LIMIT_GIL_SHARE] = "gil_share",
};

const struct status_limits status_defaults = { {
	[LIMIT_DISK_USED] = { 0.9, 0.98 },
	[LIMIT_INODES_USED] = { 0.9, 0.98 },
	[LIMIT_MEMORY_USED] = { 0.9, 0.97 },
	[LIMIT_PRESSURE] = { 0.1, 0.4 },
	[LIMIT_UNITS_FAILED] = { 1, HUGE_VAL },
	[LIMIT_ERRORS] = { 1, 10 },
	[LIMIT_ERRORS_HANDLED] = { 100, HUGE_VAL },
	[LIMIT_LOG_ERRORS] = { 1, HUGE_VAL },
	[LIMIT_SPANS_FAILED] = { 0.01, 0.1 },
	[LIMIT_SPANS_P99] = { 1, 10 },
	[LIMIT_GC_SHARE] = { 0.05, 0.2 },
	[LIMIT_GC_PAUSE] = { 0.1, 1 },
	[LIMIT_GIL_SHARE] = { 0.5, HUGE_VAL },
} };
