/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host: what this machine allows: loading a module, compiling one. Reads only.
 */
#ifndef TELETAP_DOCTOR_HOST_H
#define TELETAP_DOCTOR_HOST_H

#include <stdbool.h>

#include "base/check.h"

#define HOST_RELEASE_MAX 65 /* as in struct utsname */

struct host {
	char release[HOST_RELEASE_MAX]; /* of the running kernel */
	bool root;
	bool compiles; /* stap, headers and compiler are here, and fit */
};

/*
 * Looks at the machine whose file tree begins at root ("" for this one; tests give
 * another). Every check adds one line to c; a VERDICT_FAIL means that no module can
 * be loaded. What cannot be seen is said, as VERDICT_WARN.
 */
void host_check(const char *root, struct host *host, struct checks *c);

#endif
