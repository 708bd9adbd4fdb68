// SPDX-License-Identifier: GPL-2.0-or-later
#include "module/bpf_limits.h"

#include <errno.h>
#include <string.h>

#include "base/fail.h"
#include "cpython/binary.h"
#include "cpython/layouts.h"

static bool is_about_calls(const struct origin *origin)
{
	return !strcmp(origin->module, "calls") || !strcmp(origin->module, "call_times") ||
	       !strcmp(origin->module, "flow");
}

/*
 * Calls by CPython's markers are timed by frames, which BPF programs do not follow; names of
 * imports are string objects, whose layout a later version may change.
 */
int bpf_limits_check(const struct origin *origin, const struct target_file *file, char **msg)
{
	struct python_place place;

	if (strcmp(origin->provider, "python") != 0)
		return 0;
	python_place_read(file->fd, &place);
	if (is_about_calls(origin) && (place.version >> 16 != 0x030b || !place.runtime))
		return fail(msg, ENOTSUP,
			    "%s: by bpf calls are known of CPython 3.11, and of programs that "
			    "import teletap: '--collector stap' has the others",
			    file->path);
	if (!strcmp(origin->provider, "python") && !strcmp(origin->module, "imports") &&
	    !python_layout(place.version))
		return fail(msg, ENOTSUP,
			    "%s: by bpf page 230 has imports of CPython 3.8 to 3.15 only: "
			    "'--collector stap' may have this one's",
			    file->path);
	return 0;
}
