// SPDX-License-Identifier: GPL-2.0-or-later
/* Source: Lib/asyncio/base_events.py (run_forever), 3.8 to 3.15. */
#include <errno.h>

#include "cpython/asyncio_sets.h"
#include "cpython/dicts.h"

int asyncio_loop_thread(struct memory *m, const struct python *p, uint64_t loop, uint64_t *thread)
{
	struct object_type type;
	uint64_t at;
	bool negative;

	*thread = 0;
	if (dict_attribute(m, p, loop, "_thread_id", &at) || object_type(m, at, &type))
		return -EFAULT;
	if (object_is(&type, "NoneType"))
		return 0;
	return object_is(&type, "int") ? object_int(m, p, at, thread, &negative) : -EFAULT;
}

static int note(struct memory *m, const struct python *p, struct asyncio *a, uint64_t loop)
{
	uint64_t thread;

	for (int i = 0; i < a->n_loops; i++) {
		if (a->loops[i].loop == loop)
			return 0;
	}
	if (a->n_loops == ASYNCIO_RUNNING)
		return -ENOSPC;
	if (asyncio_loop_thread(m, p, loop, &thread))
		return -EFAULT;
	a->loops[a->n_loops].loop = loop;
	a->loops[a->n_loops++].thread = thread;
	return 0;
}

int asyncio_loops_note(struct memory *m, const struct python *p, struct asyncio *a, uint64_t *list,
		       int room)
{
	const struct asyncio_loops all = { .all = true };
	int64_t unseen, foreign;
	struct asyncio_fields f;
	int n, err = 0;

	a->n_loops = 0;
	n = a->native.task ? 0 : asyncio_sets_list(m, p, a, &all, list, room, &unseen, &foreign);
	for (int i = 0; i < n && !err; i++) {
		if (!asyncio_fields_read(m, p, a, list[i], &f) && f.loop)
			err = note(m, p, a, f.loop);
	}
	return n < 0 ? n : err;
}
