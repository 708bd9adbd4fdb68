// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/fail.h"

#include <stdarg.h>
#include <stdio.h>

int fail(char **msg, int err, const char *fmt, ...)
{
	va_list ap;

	if (!msg || *msg)
		return -err;
	va_start(ap, fmt);
	if (vasprintf(msg, fmt, ap) < 0)
		*msg = NULL;
	va_end(ap);
	return -err;
}
