// SPDX-License-Identifier: GPL-2.0-or-later
#include "module/free_limits.h"

#include <errno.h>
#include <string.h>

#include "base/fail.h"
#include "cpython/binary.h"
#include "tapsets/teletap_layouts.h"

int free_limits_check(const struct page *page, const struct target_file *file, char **msg)
{
	bool lock = !strcmp(page->origin.module, "gil");
	struct python_place place;

	if ((!lock && strcmp(page->origin.module, "stacks") != 0) ||
	    !python_free_threaded(file->fd))
		return 0;
	if (lock)
		return fail(msg, ENOTSUP,
			    "%s is a free-threaded build of CPython, whose threads need no GIL, "
			    "which page %d is about: page 235 has all waits",
			    file->path, page->number);
	python_place_read(file->fd, &place);
	return fail(msg, ENOTSUP,
		    "%s is a free-threaded build of CPython, whose stacks, which page %d shows, "
		    "%s",
		    file->path, page->number,
		    python_free_layout(place.version)
			    ? "are read from memory alone: name a process (-p PID)"
			    : "cannot be read yet: page 235 has waits without them");
}
