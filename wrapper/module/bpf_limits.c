// SPDX-License-Identifier: GPL-2.0-or-later
#include "module/bpf_limits.h"

#include <errno.h>
#include <string.h>

#include "base/fail.h"
#include "cpython/binary.h"
#include "cpython/layouts.h"

/*
 * Calls that are timed need frames, which BPF programs do not follow yet; names of imports are
 * string objects, whose layout a later version may change.
 */
int bpf_limits_check(const struct origin *origin, const struct target_file *file, char **msg)
{
	struct python_place place;

	python_place_read(file->fd, &place);
	if (!strcmp(origin->module, "calls") && (place.version >> 16 != 0x030b || !place.runtime))
		return fail(msg, ENOTSUP,
			    "%s: by bpf page 220 has calls of CPython 3.11 only, which are counted "
			    "and not timed: '--collector stap' has the others",
			    file->path);
	if (!strcmp(origin->module, "imports") && !python_layout(place.version))
		return fail(msg, ENOTSUP,
			    "%s: by bpf page 230 has imports of CPython 3.8 to 3.15 only: "
			    "'--collector stap' may have this one's",
			    file->path);
	return 0;
}
