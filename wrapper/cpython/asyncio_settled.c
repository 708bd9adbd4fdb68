// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sources: Lib/asyncio/tasks.py (gather, wait, wait_for, shield), Lib/asyncio/taskgroups.py,
 * Modules/_asynciomodule.c (FutureObj), Modules/_functoolsmodule.c, Include/cpython/funcobject.h,
 * 3.8 to 3.13.
 *
 * Each of these leaves a callback with the tasks that are awaited, which is one of asyncio's own
 * functions and has the future that the awaiting task waits for: in its closure, as an argument,
 * or in the group whose method it is. A program's own callbacks are not looked into: what they
 * hold need not be what they settle.
 */
#include <errno.h>
#include <string.h>

#include "cpython/asyncio_sets.h"
#include "cpython/dicts.h"

#define CALLBACK 24  /* in a future: the first one, */
#define CALLBACKS 40 /* and a list of (callback, context) of the others */
#define CALLBACKS_MAX 64
#define CELLS_MAX 16
#define DEPTH_MAX 4 /* of what is gathered within what is gathered */
#define PARTIAL_FUNCTION 16
#define PARTIAL_ARGUMENTS 24
#define METHOD_FUNCTION 16
#define METHOD_SELF 24

struct search {
	struct memory *m;
	const struct python *p;
	struct asyncio *a;
	struct asyncio_task *task;
};

static void look_into(const struct search *s, uint64_t future, int depth);

static void add(const struct search *s, uint64_t future, int depth)
{
	struct asyncio_task *task = s->task;
	bool python;

	if (!asyncio_is_future(s->m, s->a, future, &python) ||
	    asyncio_is_task(s->m, s->a, future, &python))
		return;
	for (int i = 0; i < task->n_awaiters; i++) {
		if (task->awaiters[i] == future)
			return;
	}
	if (task->n_awaiters == ASYNCIO_AWAITERS) {
		task->more++;
		return;
	}
	task->awaiters[task->n_awaiters++] = future;
	if (depth < DEPTH_MAX)
		look_into(s, future, depth + 1);
}

/* Whether a function is of this module. */
static bool is_of(const struct search *s, uint64_t function, uint64_t globals)
{
	struct object_type type;
	uint64_t at;

	return globals && !object_type(s->m, function, &type) && object_is(&type, "function") &&
	       !memory_read(s->m, function + s->a->before->fn_globals, &at, sizeof(at)) &&
	       at == globals;
}

static void add_closure(const struct search *s, uint64_t function, int depth)
{
	uint64_t cells, n, cell, object;

	if (memory_read(s->m, function + s->a->before->fn_closure, &cells, sizeof(cells)) ||
	    !cells || memory_read(s->m, cells + OBJECT_SIZE, &n, sizeof(n)))
		return;
	for (uint64_t i = 0; i < n && i < CELLS_MAX; i++) {
		if (!memory_read(s->m, cells + s->p->layout.p_items + i * 8, &cell, sizeof(cell)) &&
		    !memory_read(s->m, cell + OBJECT_REST, &object, sizeof(object)))
			add(s, object, depth);
	}
}

/* wait_for: functools.partial(_release_waiter, FUTURE). */
static void add_argument(const struct search *s, uint64_t partial, int depth)
{
	uint64_t function, arguments, n, first;

	if (!memory_read(s->m, partial + PARTIAL_FUNCTION, &function, sizeof(function)) &&
	    is_of(s, function, s->a->globals) &&
	    !memory_read(s->m, partial + PARTIAL_ARGUMENTS, &arguments, sizeof(arguments)) &&
	    !memory_read(s->m, arguments + OBJECT_SIZE, &n, sizeof(n)) && n &&
	    !memory_read(s->m, arguments + s->p->layout.p_items, &first, sizeof(first)))
		add(s, first, depth);
}

/* A method of asyncio.TaskGroup. */
static void add_group(const struct search *s, uint64_t method, int depth)
{
	uint64_t function, self, future;

	if (!memory_read(s->m, method + METHOD_FUNCTION, &function, sizeof(function)) &&
	    is_of(s, function, s->a->groups) &&
	    !memory_read(s->m, method + METHOD_SELF, &self, sizeof(self)) &&
	    !dict_attribute(s->m, s->p, self, "_on_completed_fut", &future))
		add(s, future, depth);
}

static void follow(const struct search *s, uint64_t callback, int depth)
{
	struct object_type type;

	if (!callback || object_type(s->m, callback, &type))
		return;
	if (!strcmp(type.name, "functools.partial"))
		add_argument(s, callback, depth);
	else if (object_is(&type, "method"))
		add_group(s, callback, depth);
	else if (is_of(s, callback, s->a->globals))
		add_closure(s, callback, depth);
}

/* The first callback of a future, where it stands apart, and the list of the others. */
static int find_callbacks(const struct search *s, uint64_t future, uint64_t *first, uint64_t *list)
{
	bool python;

	*first = 0;
	if (!asyncio_is_future(s->m, s->a, future, &python))
		return -ENOENT;
	if (python)
		return dict_attribute(s->m, s->p, future, "_callbacks", list);
	return memory_read(s->m, future + CALLBACK, first, sizeof(*first)) ||
			       memory_read(s->m, future + CALLBACKS, list, sizeof(*list))
		       ? -EFAULT
		       : 0;
}

static void look_into(const struct search *s, uint64_t future, int depth)
{
	uint64_t first, list, items, n = 0, pair, callback;
	struct object_type type;

	if (find_callbacks(s, future, &first, &list))
		return;
	follow(s, first, depth);
	if (!list || object_type(s->m, list, &type) || !object_is(&type, "list") ||
	    memory_read(s->m, list + OBJECT_SIZE, &n, sizeof(n)) ||
	    memory_read(s->m, list + LIST_ITEMS, &items, sizeof(items)))
		return;
	s->task->more += n > CALLBACKS_MAX;
	for (uint64_t i = 0; i < n && i < CALLBACKS_MAX; i++) {
		if (!memory_read(s->m, items + i * 8, &pair, sizeof(pair)) &&
		    !memory_read(s->m, pair + s->p->layout.p_items, &callback, sizeof(callback)))
			follow(s, callback, depth);
	}
}

void asyncio_settled(struct memory *m, const struct python *p, struct asyncio *a, uint64_t at,
		     struct asyncio_task *task)
{
	const struct search s = { .m = m, .p = p, .a = a, .task = task };

	task->awaiters[task->n_awaiters++] = at; /* who awaits it without more ado waits for it */
	look_into(&s, at, 0);
}
