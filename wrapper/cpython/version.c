// SPDX-License-Identifier: GPL-2.0-or-later
#include "cpython/version.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static uint32_t parse(const char *s)
{
	unsigned minor, micro;
	int used = 0;

	if (!memchr(s, '\0', VERSION_BYTES - 1) || s[1] != '.' || !isdigit((unsigned char)s[2]) ||
	    sscanf(s, "3.%2u.%2u%n", &minor, &micro, &used) != 2 || (s[used] && s[used] != '+'))
		return 0;
	return UINT32_C(3) << 24 | minor << 16 | micro << 8 | 0xf0;
}

uint32_t version_find(const char *bytes, size_t n, char before)
{
	const char *p = bytes + 1, *end = bytes + n - VERSION_BYTES + 2;
	uint32_t version = 0;

	/* By the digit, which is far rarer than what is before it. */
	for (; !version && n >= VERSION_BYTES && p < end && (p = memchr(p, '3', (size_t)(end - p)));
	     p++)
		version = p[-1] == before ? parse(p) : 0;
	return version;
}
