// SPDX-License-Identifier: GPL-2.0-or-later
#include "cpython/extension.h"

#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/paths.h"
#include "cpython/binary.h"

#define STABLE 12 /* from 3.12 on one build is for all */

/* The minor version of the target's CPython 3, with its whole version; -1: there is none. */
static int minor_of(const struct target *t, char version[PYTHON_VERSION_MAX])
{
	int minor = -1;

	for (size_t i = 0; i < t->n_files; i++) {
		python_version(t->files[i].fd, version);
		if (sscanf(version, "3.%d", &minor) != 1)
			continue;
		if (python_free_threaded(t->files[i].fd))
			return -1;
		return minor;
	}
	return -1;
}

void extension_offer(struct target *t)
{
	char version[PYTHON_VERSION_MAX], share[PATH_MAX], pattern[PATH_MAX + 64];
	char folder[PATH_MAX + 64];
	glob_t found = { 0 };
	int minor;

	if (t->kind != TARGET_COMMAND)
		return;
	minor = minor_of(t, version);
	if (minor < 0 || paths_share(share, sizeof(share)))
		return;
	snprintf(folder, sizeof(folder), "%s/python/start", share);
	snprintf(pattern, sizeof(pattern),
		 minor < STABLE ? "%s/python/teletap/_native.cpython-3%d-*.so"
				: "%s/python/teletap/_native.abi3.so",
		 share, minor);
	if (glob(pattern, GLOB_NOSORT, NULL, &found) || found.gl_pathc != 1 ||
	    access(folder, R_OK | X_OK) || target_offer(t, found.gl_pathv[0], folder))
		snprintf(t->unbuilt, sizeof(t->unbuilt), "3.%d", minor);
	globfree(&found);
}
