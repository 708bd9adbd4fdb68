// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/origin.h"

#include <string.h>

bool origin_is_app(const struct origin *origin)
{
	return origin->provider && !strcmp(origin->provider, PAGE_ANY);
}

bool origin_is_program(const struct origin *origin)
{
	return origin->provider && !strcmp(origin->provider, PAGE_PROGRAM);
}

bool origin_has_marker(const struct origin *origin, const char *provider, const char *name)
{
	if (!origin->provider)
		return false; /* it is about the kernel */
	if (!origin_is_app(origin) && !origin_is_program(origin) &&
	    strcmp(origin->provider, provider) != 0)
		return false;
	for (int i = 0; i < PAGE_MARKERS && origin->markers[i]; i++) {
		if (!strcmp(origin->markers[i], name))
			return true;
	}
	return false;
}
