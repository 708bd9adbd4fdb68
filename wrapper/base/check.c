// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/check.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void check_add(struct checks *c, const char *id, enum verdict verdict, const char *remedy,
	       const char *fmt, ...)
{
	struct check *check = &c->list[c->n];
	va_list ap;

	if (c->n == CHECKS_MAX)
		return;
	*check = (struct check){ .id = id, .verdict = verdict, .remedy = remedy };
	va_start(ap, fmt);
	if (vasprintf(&check->text, fmt, ap) < 0)
		check->text = NULL;
	va_end(ap);
	c->n += check->text != NULL;
}

static bool about_signatures(const struct check *check)
{
	return !strcmp(check->id, "lockdown") || !strcmp(check->id, "signatures");
}

/* No package cures it: another kernel is needed, another start of this one, or another place. */
static bool is_given(const struct check *check)
{
	return !strncmp(check->id, "modules", 7) || !strcmp(check->id, "uprobes") ||
	       !strcmp(check->id, "pid-namespace");
}

const struct check *check_failed(const struct checks *c, bool is_signed)
{
	const struct check *first = NULL;

	for (int i = 0; i < c->n; i++) {
		const struct check *check = &c->list[i];

		if (check->verdict != VERDICT_FAIL || (is_signed && about_signatures(check)))
			continue;
		if (is_given(check))
			return check;
		first = first ? first : check;
	}
	return first;
}

void checks_free(struct checks *c)
{
	for (int i = 0; i < c->n; i++)
		free(c->list[i].text);
	c->n = 0;
}
