// SPDX-License-Identifier: GPL-2.0-or-later
#include "module/bpf_limits.h"

#include <errno.h>
#include <string.h>

#include "base/fail.h"
#include "cpython/binary.h"
#include "tapsets/teletap_layouts.h"

/* Modules about calls by CPython's own markers, and the programs that time them. */
static const struct {
	const char *module, *timed;
} calls[] = { { "calls", "calls_timed" },
	      { "call_times", "call_times_timed" },
	      { "flow", "flow_timed" } };

/* NULL: it is about something else. */
static const char *timed_name(const struct origin *origin)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (!strcmp(origin->module, calls[i].module))
			return calls[i].timed;
	}
	return NULL;
}

/* Whether calls can be followed by the frames of this CPython, which has markers of them. */
static bool has_frames(int fd)
{
	const struct python_layout *layout;
	uint64_t words[PYTHON_WORDS];
	struct python_place place;

	python_place_read(fd, &place);
	layout = python_layout(place.version);
	if (!layout || !place.runtime || !place.type)
		return false;
	if (layout->minor == 9 || layout->minor == 11)
		return true;
	return layout->minor == 15 && !python_free_threaded(fd) && python_words_read(fd, words) &&
	       python_layout_agree(layout, words, 0, PYTHON_WORDS);
}

/*
 * What a call is by CPython's markers tell its frames; names of imports are string objects. A later
 * version may change the layouts of both.
 */
int bpf_limits_check(const struct origin *origin, const struct target_file *file, char **msg)
{
	struct python_place place;

	if (strcmp(origin->provider, "python") != 0)
		return 0;
	if (timed_name(origin) && !has_frames(file->fd))
		return fail(msg, ENOTSUP,
			    "%s: by bpf calls are known of CPython 3.9, 3.11 and 3.15, builds with "
			    "a GIL, and of programs that import teletap: '--collector stap' may "
			    "have the others",
			    file->path);
	python_place_read(file->fd, &place);
	if (!strcmp(origin->module, "imports") && !python_layout(place.version))
		return fail(msg, ENOTSUP,
			    "%s: by bpf page 230 has imports of CPython 3.8 to 3.15 only: "
			    "'--collector stap' may have this one's",
			    file->path);
	return 0;
}

const char *bpf_program_name(const struct origin *origin, const struct target_file *file)
{
	const char *timed = timed_name(origin);
	struct python_place place;

	if (!timed)
		return origin->module;
	python_place_read(file->fd, &place);
	return place.version >> 16 == 0x030b ? origin->module : timed;
}
