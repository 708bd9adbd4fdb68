// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sources: Modules/_asynciomodule.c, Lib/asyncio/tasks.py and taskgroups.py, Lib/_weakrefset.py,
 * Objects/setobject.c and Include/cpython/weakrefobject.h, 3.8 to 3.13.
 *
 * The set can change at any time, also by a thread that is not held: it counts when it was the
 * same twice.
 */
#include "cpython/asyncio_sets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cpython/dicts.h"

#define TYPE_SIZE 32
#define TYPE_WEAK 208
#define TYPE_BASE 256
#define WEAK_BEFORE 32
#define WEAK_OBJECT 16
#define HOLDER_LOOP 16 /* to 3.11 a thread's dict has an object that has the loop */
#define RUNNING_LOOP "__asyncio_running_event_loop__"

/* Of a set, from SET_FILL on. */
#define SET_FILL 16
struct table {
	uint64_t fill, used, mask, at;
	uint64_t *slots; /* pairs: key, hash */
};

/* The dict of a module that is loaded. */
static int find_module(struct memory *m, const struct python *p, uint64_t modules, const char *name,
		       uint64_t *dict)
{
	uint64_t module;
	int err = dict_find(m, p, modules, name, &module);

	return err ? err : memory_read(m, module + OBJECT_REST, dict, sizeof(*dict));
}

/* Whether tasks of _asyncio are what the layout says. */
static int check_class(struct memory *m, const struct asyncio *a)
{
	const struct python_task_layout *k = a->before;
	int64_t size, weak, wanted = k->k_weak ? (int64_t)k->k_weak : -WEAK_BEFORE;

	if (memory_read(m, a->native.task + TYPE_SIZE, &size, sizeof(size)) ||
	    memory_read(m, a->native.task + TYPE_WEAK, &weak, sizeof(weak)))
		return -EFAULT;
	return size == k->k_size && weak == wanted ? 0 : -ENOTSUP;
}

static int find_class(struct memory *m, const struct python *p, const struct asyncio *a,
		      const char *name, struct asyncio_class *class)
{
	int err = dict_find(m, p, a->globals, name, &class->task);

	if (err)
		*class = (struct asyncio_class){ 0 };
	return err ? err
		   : memory_read(m, class->task + TYPE_BASE, &class->future, sizeof(class->future));
}

/*
 * The class in Python is always there, the other one where there is an _asyncio, which from 3.14 on
 * has all tasks itself.
 */
static int find_classes(struct memory *m, const struct python *p, struct asyncio *a)
{
	int err = find_class(m, p, a, "_PyTask", &a->python);

	if (err)
		return err == -ENOENT ? -ENOTSUP : err;
	err = find_class(m, p, a, "_CTask", &a->native);
	if (err)
		return err == -ENOENT ? 0 : err;
	return p->layout.minor < ASYNCIO_MINOR ? check_class(m, a) : -ENOENT;
}

int asyncio_sets_find(struct memory *m, const struct python *p, uint64_t interpreter,
		      struct asyncio *a)
{
	uint64_t modules = 0, all, at;
	bool eager = p->layout.minor >= 12;
	int err;

	*a = (struct asyncio){ .before = python_task_layout(p->layout.minor) };
	if (!a->before)
		return -ENOTSUP;
	a->loop = a->before->t_loop;
	at = a->before->i_modules;
	if ((a->before->w_modules &&
	     memory_read(m, p->runtime + a->before->w_modules * UINT64_C(8), &at, sizeof(at))) ||
	    memory_read(m, interpreter + at, &modules, sizeof(modules)) ||
	    (a->before->w_loop && memory_read(m, p->runtime + a->before->w_loop * UINT64_C(8),
					      &a->loop, sizeof(a->loop))))
		return -EFAULT;
	if (!modules)
		return -ENOENT;
	err = find_module(m, p, modules, "asyncio.tasks", &a->globals);
	if (err)
		return err;
	if (find_module(m, p, modules, "asyncio.taskgroups", &a->groups))
		a->groups = 0;
	err = find_classes(m, p, a);
	if (err)
		return err;
	if (dict_find(m, p, a->globals, eager ? "_scheduled_tasks" : "_all_tasks", &all) ||
	    dict_attribute(m, p, all, "data", &a->scheduled) ||
	    (eager && dict_find(m, p, a->globals, "_eager_tasks", &a->eager)) ||
	    dict_find(m, p, a->globals, "_current_tasks", &a->current))
		return -ENOTSUP;
	return 0;
}

int asyncio_sets_loop(struct memory *m, const struct python *p, const struct asyncio *a,
		      const struct python_thread *thread, uint64_t *loop)
{
	uint64_t at;
	int err;

	*loop = 0;
	for (int i = 0; i < a->n_loops; i++) {
		if (a->loops[i].thread == thread->ident)
			*loop = a->loops[i].loop;
	}
	if (!a->native.task)
		return 0;
	if (memory_read(m, thread->at + a->loop, &at, sizeof(at)))
		return -EFAULT;
	if (!at || a->before->w_loop) {
		*loop = at;
		return 0;
	}
	err = dict_find(m, p, at, RUNNING_LOOP, &at);
	if (err)
		return err == -ENOENT ? 0 : err;
	if (p->layout.minor < 12 && memory_read(m, at + HOLDER_LOOP, &at, sizeof(at)))
		return -EFAULT;
	*loop = at;
	return 0;
}

static int read_slots(const struct memory *m, const struct table *t, uint64_t *slots)
{
	size_t size = ((size_t)t->mask + 1) * 16, done = 0;

	while (done < size) {
		ssize_t n = memory_read_once(m, t->at + done, (char *)slots + done, size - done);

		if (n <= 0)
			return -EFAULT;
		done += (size_t)n;
	}
	return 0;
}

static int read_head(const struct memory *m, uint64_t set, struct table *t)
{
	return memory_read_once(m, set + SET_FILL, t, 32) == 32 ? 0 : -EFAULT;
}

/* A set, if it is the same twice. Its slots are to be freed. */
static int read_table(const struct memory *m, uint64_t set, struct table *t)
{
	struct table again;
	size_t size;
	int err = -EAGAIN;

	t->slots = NULL;
	if (read_head(m, set, t))
		return -EFAULT;
	if (t->mask >= ASYNCIO_LIST || t->used > t->mask || t->mask & (t->mask + 1))
		return -EBADMSG;
	size = ((size_t)t->mask + 1) * 16;
	t->slots = malloc(2 * size);
	if (!t->slots)
		return -ENOMEM;
	if (!read_slots(m, t, t->slots) && !read_slots(m, t, t->slots + size / 8) &&
	    !read_head(m, set, &again) && !memcmp(&again, t, 32) &&
	    !memcmp(t->slots, t->slots + size / 8, size))
		err = 0;
	return err;
}

/* What a member of a set stands for: what it refers to weakly, or itself. */
static uint64_t member(struct memory *m, struct asyncio *a, uint64_t key)
{
	struct object_type t;
	uint64_t type;

	if (memory_read(m, key + OBJECT_KIND, &type, sizeof(type)))
		return 0;
	if (!a->weakref && !object_type(m, key, &t) &&
	    (object_is(&t, "weakref") || object_is(&t, "weakref.ReferenceType")))
		a->weakref = type;
	if (type == a->weakref && memory_read(m, key + WEAK_OBJECT, &key, sizeof(key)))
		return 0;
	return key;
}

/* Whether it is neither what a slot has whose member has left, nor what a dead reference has. */
static bool is_foreign(struct memory *m, uint64_t at)
{
	struct object_type type;

	return !object_type(m, at, &type) && !object_is(&type, "object") &&
	       !object_is(&type, "NoneType");
}

static bool is_wanted(const struct asyncio_loops *loops, uint64_t loop)
{
	if (loops->all)
		return true;
	for (int i = 0; i < loops->n; i++) {
		if (loops->list[i] == loop)
			return !loops->others;
	}
	return loops->others;
}

static bool has(const uint64_t *list, int n, uint64_t at)
{
	for (int i = 0; i < n; i++) {
		if (list[i] == at)
			return true;
	}
	return false;
}

int asyncio_sets_list(struct memory *m, const struct python *p, struct asyncio *a,
		      const struct asyncio_loops *loops, uint64_t *list, int room, int64_t *unseen,
		      int64_t *foreign)
{
	uint64_t sets[] = { a->scheduled, a->eager };
	int n = 0, err = 0, looked = 0;
	bool python;

	*unseen = *foreign = 0;
	for (int k = 0; k < 2 && sets[k] && !err; k++) {
		struct table t;
		int before = n;

		err = read_table(m, sets[k], &t);
		for (uint64_t i = 0; !err && i <= t.mask; i++) {
			uint64_t key = t.slots[2 * i], at, thread;
			struct asyncio_fields f;

			at = key ? member(m, a, key) : 0;
			if (!at)
				continue;
			if (!asyncio_is_task(m, a, at, &python)) {
				*foreign += is_foreign(m, at);
				continue;
			}
			if (python && looked++ >= ASYNCIO_PYTHON) {
				*unseen += loops->others; /* once, not for each loop */
				continue;
			}
			if (asyncio_fields_read(m, p, a, at, &f) || !is_wanted(loops, f.loop) ||
			    !f.pending || (k && has(list, before, at)))
				continue;
			if (loops->others && !a->native.task &&
			    (asyncio_loop_thread(m, p, f.loop, &thread) || thread)) {
				err = -EAGAIN; /* the loop has begun to run just now */
				break;
			}
			if (n < room)
				list[n++] = at;
			else
				++*unseen;
		}
		free(t.slots);
	}
	return err ? err : n;
}

static bool is_eager(struct memory *m, const struct asyncio *a, uint64_t task)
{
	struct table t;
	bool found = false;

	if (!a->eager)
		return false;
	if (!read_table(m, a->eager, &t)) {
		for (uint64_t i = 0; i <= t.mask; i++)
			found |= t.slots[2 * i] == task;
	}
	free(t.slots);
	return found;
}

bool asyncio_sets_has(struct memory *m, const struct python *p, struct asyncio *a, uint64_t task)
{
	uint64_t type, weak, object;
	struct asyncio_fields f;
	int64_t where;

	if (asyncio_fields_read(m, p, a, task, &f) || !f.pending ||
	    memory_read(m, task + OBJECT_KIND, &type, sizeof(type)) ||
	    memory_read(m, type + TYPE_WEAK, &where, sizeof(where)) ||
	    memory_read(m, task + (uint64_t)where, &weak, sizeof(weak)))
		return false;
	if (!weak)
		return is_eager(m, a, task);
	return !memory_read(m, weak + WEAK_OBJECT, &object, sizeof(object)) && object == task;
}

int asyncio_sets_running(struct memory *m, const struct python *p, const struct asyncio *a,
			 uint64_t loop, uint64_t *task)
{
	struct dict_walk w;
	uint64_t key;
	int more = dict_begin(m, p, a->current, &w);

	while (!more && (more = dict_next(m, &w, &key, task)) > 0) {
		if (key == loop)
			return 0;
		more = 0;
	}
	*task = 0;
	return more;
}

int asyncio_sets_task(struct memory *m, const struct python *p, struct asyncio *a, uint64_t at,
		      struct asyncio_task *task)
{
	struct asyncio_fields f;
	int err = asyncio_fields_read(m, p, a, at, &f);

	task->n_awaiters = task->more = 0;
	if (err)
		return err;
	task->coroutine = f.coroutine;
	task->future = f.waiter;
	if (p->layout.minor >= ASYNCIO_MINOR)
		err = asyncio_awaited_by(m, p, at, task);
	else
		asyncio_settled(m, p, a, at, task);
	return err ? err : asyncio_name(m, p, f.name, task->name);
}
