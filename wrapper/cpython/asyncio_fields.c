// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sources: Lib/asyncio/tasks.py and futures.py, 3.8 to 3.15: the classes in Python, which are
 * taken where there is no _asyncio, or by name, keep in attributes what _asyncio's have in fields.
 */
#include <errno.h>
#include <string.h>

#include "cpython/asyncio_sets.h"
#include "cpython/dicts.h"

#define TYPE_BASE 256
#define BASES 16 /* of a class; more are not followed */
#define LOOP 16  /* in a task of _asyncio */

/* Whether an object's class is this one, or derives from it; *known: one that was found to. */
static bool derives(struct memory *m, uint64_t at, uint64_t class, uint64_t *known)
{
	uint64_t type, base;

	if (!class || !at || at % 8 || memory_read(m, at + OBJECT_KIND, &type, sizeof(type)))
		return false;
	if (type == class || (known && type == *known))
		return true;
	base = type;
	for (int i = 0; i < BASES && base && base % 8 == 0; i++) {
		if (memory_read(m, base + TYPE_BASE, &base, sizeof(base)))
			return false;
		if (base != class)
			continue;
		if (known)
			*known = type;
		return true;
	}
	return false;
}

static bool is_of(struct memory *m, struct asyncio_class *class, uint64_t at)
{
	return derives(m, at, class->task, &class->derived);
}

bool asyncio_is_task(struct memory *m, struct asyncio *a, uint64_t at, bool *python)
{
	*python = !is_of(m, &a->native, at);
	return !*python || is_of(m, &a->python, at);
}

bool asyncio_is_future(struct memory *m, const struct asyncio *a, uint64_t at, bool *python)
{
	*python = derives(m, at, a->python.future, NULL);
	return *python || derives(m, at, a->native.future, NULL);
}

static int read_native(struct memory *m, const struct asyncio *a, uint64_t at,
		       struct asyncio_fields *f)
{
	const struct python_task_layout *k = a->before;
	int32_t state;

	if (memory_read(m, at + k->k_state, &state, sizeof(state)) ||
	    memory_read(m, at + LOOP, &f->loop, sizeof(f->loop)) ||
	    memory_read(m, at + k->k_name, &f->name, sizeof(f->name)) ||
	    memory_read(m, at + k->k_coroutine, &f->coroutine, sizeof(f->coroutine)) ||
	    memory_read(m, at + k->k_waiter, &f->waiter, sizeof(f->waiter)))
		return -EFAULT;
	f->pending = !state;
	return 0;
}

/* An attribute that is an object, or None, which is 0 here. */
static int read_object(struct memory *m, const struct python *p, uint64_t at, const char *name,
		       uint64_t *object)
{
	struct object_type type;

	if (dict_attribute(m, p, at, name, object) || object_type(m, *object, &type))
		return -EFAULT;
	if (object_is(&type, "NoneType"))
		*object = 0;
	return 0;
}

static int read_python(struct memory *m, const struct python *p, uint64_t at,
		       struct asyncio_fields *f)
{
	char text[OBJECT_TEXT + 4];
	uint64_t state;
	int err = dict_attribute(m, p, at, "_state", &state);

	/* Until it is set, it is the class's, which says that it is not done. */
	if (err && err != -ENOENT)
		return err;
	if (!err && object_text(m, p, state, text))
		return -EFAULT;
	f->pending = err || !strcmp(text, "PENDING");
	return read_object(m, p, at, "_loop", &f->loop) ||
			       read_object(m, p, at, "_name", &f->name) ||
			       read_object(m, p, at, "_coro", &f->coroutine) ||
			       read_object(m, p, at, "_fut_waiter", &f->waiter)
		       ? -EFAULT
		       : 0;
}

int asyncio_fields_read(struct memory *m, const struct python *p, struct asyncio *a, uint64_t at,
			struct asyncio_fields *f)
{
	bool python;

	if (!asyncio_is_task(m, a, at, &python))
		return -ENOENT;
	return python ? read_python(m, p, at, f) : read_native(m, a, at, f);
}

int asyncio_awaited_by(struct memory *m, const struct python *p, uint64_t at,
		       struct asyncio_task *task)
{
	struct object_type type;
	uint64_t set;
	int err = dict_attribute(m, p, at, "_Future__asyncio_awaited_by", &set);

	if (err) /* until it is set, it is the class's, which says None */
		return err == -ENOENT ? 0 : err;
	if (object_type(m, set, &type))
		return -EFAULT;
	return object_is(&type, "set") ? asyncio_add_awaiters(m, set, task) : 0;
}
