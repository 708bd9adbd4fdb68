// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/self_report.h"
#include "model/quote.h"

static const char *current = "";
static bool verbose;

void log_begin(const char *command)
{
	current = command;
}

void log_verbose(bool on)
{
	verbose = on;
}

void say(const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	self_log(text);
	fprintf(stderr, "teletap: %s%s", current, *current ? ": " : "");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

void vsay(const char *fmt, ...)
{
	va_list ap;

	if (!verbose)
		return;
	fprintf(stderr, "teletap: %s: ", current);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

void say_why(const char *msg, int err)
{
	const char *next = err == -EMFILE ? ": allow more, 'ulimit -n 256'" : "";
	char *quoted = quote_text(msg ? msg : strerror(-err));

	self_error(current, quoted ? quoted : "");
	say("%s%s", quoted ? quoted : strerror(ENOMEM), next);
	free(quoted);
}
