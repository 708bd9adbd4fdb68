// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/address.h"

#include <string.h>

void address_split(char *text, const char **host, const char **port)
{
	char *colon = strrchr(text, ':'), *end;

	*host = text;
	if (*text == '[' && (end = strchr(text, ']'))) {
		*end = '\0';
		*host = text + 1;
		colon = end[1] == ':' ? end + 1 : NULL;
	} else if (colon && strchr(text, ':') != colon) {
		colon = NULL;
	}
	if (colon) {
		*colon = '\0';
		*port = colon + 1;
	}
}
