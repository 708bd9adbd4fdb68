// SPDX-License-Identifier: GPL-2.0-or-later
#include "module/stap_version.h"

#include <stdio.h>

const char *stap_version(char *out, size_t size)
{
	FILE *f = popen("stap --version 2>&1", "re");
	char version[32] = "unknown";

	/* Systemtap translator/driver (version 5.6/0.196, ...) */
	if (f && fscanf(f, "%*[^(](version %31[0-9.]", version) != 1)
		snprintf(version, sizeof(version), "unknown");
	if (f)
		pclose(f);
	snprintf(out, size, "%s", version);
	return out;
}
