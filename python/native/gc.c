// SPDX-License-Identifier: 0BSD
/*
 * Collections, by two functions in gc.callbacks. The one at the end of that list is called last
 * when a collection begins, the one at its beginning first when it is over: so the pause is the
 * collector's alone, without the program's own callbacks (but for what is put behind ours).
 *
 * CPython goes through the list by number, and what it calls can let go of the interpreter's
 * lock. To append is safe at any time; all other changes could make it pass over one of the
 * program's callbacks, and wait until our own last one is called, at the end of a collection:
 * then all the others have been. So when nobody listens any more, ours go with the next
 * collection.
 */
#include "native.h"

static PyObject *callbacks; /* the list */
static PyObject *first, *last;
static PyObject *is_enabled, *get_count, *get_threshold;
static PyObject *generation_key, *collected_key, *uncollectable_key;
static bool wanted;
static bool under_way; /* a collection that has begun before us */

/* -1: it is not there, or has been altered. */
static int64_t number_of(PyObject *info, PyObject *key)
{
	PyObject *value = PyDict_Check(info) ? PyDict_GetItem(info, key) : NULL;
	long long number = value && PyLong_Check(value) ? PyLong_AsLongLong(value) : -1;

	PyErr_Clear();
	return number;
}

static void done(PyObject *info)
{
	int64_t collected = number_of(info, collected_key);
	int64_t uncollectable = number_of(info, uncollectable_key);

	if (under_way && collected >= 0 && uncollectable >= 0)
		markers_gc_done(collected + uncollectable);
	under_way = false;
}

/* Where the object is; -1: nowhere. */
static Py_ssize_t place_of(PyObject *object)
{
	Py_ssize_t i = PyList_Size(callbacks);

	while (--i >= 0 && PyList_GetItem(callbacks, i) != object)
		;
	return i;
}

static void take_away(PyObject *object)
{
	Py_ssize_t i = place_of(object);

	if (i >= 0 && PySequence_DelItem(callbacks, i))
		PyErr_Clear();
}

/* In our last function, at the end of a collection. */
static void settle(void)
{
	Py_ssize_t n = PyList_Size(callbacks);

	if (wanted && n > 1 && place_of(first) < 0) {
		/* What stands at the end is called once more by this, which does no harm. */
		if (PyList_Insert(callbacks, 0, first))
			PyErr_Clear();
	} else if (!wanted && place_of(last) == n - 1) {
		take_away(first);
		take_away(last);
	}
}

/* The first number of the tuple that the function returns; -1: there is none. */
static long first_of(PyObject *function)
{
	PyObject *numbers = PyObject_CallObject(function, NULL);
	PyObject *number = numbers && PyTuple_Check(numbers) ? PyTuple_GetItem(numbers, 0) : NULL;
	long value = number ? PyLong_AsLong(number) : -1;

	Py_XDECREF(numbers);
	PyErr_Clear();
	return value;
}

/* Whether the collector works by itself, and a collection is due. */
static int state(void)
{
	PyObject *enabled = PyObject_CallObject(is_enabled, NULL);
	long threshold = first_of(get_threshold), count = first_of(get_count);
	int bits = enabled == Py_True ? GC_ENABLED : 0;

	Py_XDECREF(enabled);
	PyErr_Clear();
	if (!enabled || threshold < 0 || count < 0)
		return GC_UNKNOWN;
	return bits && threshold && count > threshold ? bits | GC_DUE : bits;
}

static bool is_start(PyObject *const *args, Py_ssize_t n)
{
	return n == 2 && PyUnicode_Check(args[0]) &&
	       !PyUnicode_CompareWithASCIIString(args[0], "start");
}

static PyObject *on_first(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
	(void)self;
	if (n == 2 && !is_start(args, n))
		done(args[1]);
	Py_RETURN_NONE;
}

static PyObject *on_last(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
	int64_t generation = n == 2 ? number_of(args[1], generation_key) : -1;

	(void)self;
	if (is_start(args, n)) {
		under_way = generation >= 0;
		if (under_way)
			markers_gc_start((int)generation, state());
	} else if (n == 2) {
		done(args[1]);
		settle();
	}
	Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
	{ "teletap", (PyCFunction)(void (*)(void))on_first, METH_FASTCALL, NULL },
	{ "teletap", (PyCFunction)(void (*)(void))on_last, METH_FASTCALL, NULL },
};

int gc_begin(void)
{
	PyObject *gc = PyImport_ImportModule("gc");

	callbacks = gc ? PyObject_GetAttrString(gc, "callbacks") : NULL;
	is_enabled = callbacks ? PyObject_GetAttrString(gc, "isenabled") : NULL;
	get_count = is_enabled ? PyObject_GetAttrString(gc, "get_count") : NULL;
	get_threshold = get_count ? PyObject_GetAttrString(gc, "get_threshold") : NULL;
	Py_XDECREF(gc);
	generation_key = PyUnicode_InternFromString("generation");
	collected_key = PyUnicode_InternFromString("collected");
	uncollectable_key = PyUnicode_InternFromString("uncollectable");
	first = PyCFunction_New(&functions[0], NULL);
	last = PyCFunction_New(&functions[1], NULL);
	if (callbacks && !PyList_Check(callbacks))
		PyErr_SetString(PyExc_ImportError, "teletap: gc.callbacks is no list");
	return PyErr_Occurred() ? -1 : 0;
}

void gc_switch(bool on)
{
	wanted = on;
	if (on && place_of(last) < 0 && PyList_Append(callbacks, last))
		PyErr_Clear();
}
