// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/gc_unmarked.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"

/* Whether its collections could be read. The memory is given back: a server has many targets. */
static bool look(struct gc_unmarked *u, bool first)
{
	int64_t unread = u->gc.unread;
	struct memory m;

	if (!memory_begin(&m, u->pid))
		return false;
	if (first) {
		python_find(&m, &u->python);
		python_want_lock(&u->python);
	}
	if (u->python.state == PYTHON_READ)
		memory_gc_read(&m, &u->python, &u->gc, false);
	memory_end(&m);
	return u->python.state == PYTHON_READ && u->gc.unread == unread;
}

void gc_unmarked_begin(struct gc_unmarked *u, const struct plan *plan, const struct target *t)
{
	*u = (struct gc_unmarked){ .pid = t->pid };
	u->looks = t->kind == TARGET_PID && plan->collector != COLLECT_MEMORY &&
		   plan->origin->provider &&
		   origin_has_marker(plan->origin, plan->origin->provider, "gc__done");
}

void gc_unmarked_marked(struct gc_unmarked *u)
{
	u->looks = u->looks && look(u, true);
}

/*
 * In each interpreter one collection may have been under way when the markers were switched on: no
 * marker tells of that.
 */
static bool has_collected(const struct gc_unmarked *u)
{
	int64_t runs = 0;

	for (int i = 0; i < MEMORY_GENERATIONS; i++)
		runs += u->gc.sums[i].runs;
	return runs > (int64_t)u->gc.n;
}

char *gc_unmarked_line(struct gc_unmarked *u)
{
	char *line = NULL;

	if (!u->looks || !look(u, false) || !has_collected(u))
		return NULL;
	u->looks = false;
	if (asprintf(&line, "unmarked\t1\t%" PRId64 "\n", clock_ns(CLOCK_MONOTONIC)) < 0)
		return NULL;
	return line;
}

void gc_unmarked_end(struct gc_unmarked *u)
{
	memory_gc_free(&u->gc);
	*u = (struct gc_unmarked){ 0 };
}
