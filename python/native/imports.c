// SPDX-License-Identifier: 0BSD
/*
 * Imports that are found and loaded. For each of them, and for nothing else, CPython's import
 * statement calls what importlib._bootstrap has under the name _find_and_load (Python/import.c,
 * import_find_and_load, 3.9 to 3.15): that is where CPython's own markers and -X importtime are.
 * While somebody listens, a function in C stands there, which calls the one before. It has no
 * frame, so that the program's tracebacks and stacks are what they were, and imports that are
 * found in sys.modules pay nothing.
 *
 * The second argument is what imports a package's parent. importlib.import_module comes with
 * one of its own, and passes CPython's markers by: the same here.
 */
#include "native.h"

#define FUNCTION "_find_and_load"

static PyObject *bootstrap; /* the module */
static PyObject *before;    /* the function that was there last; NULL: ours has never been */
static bool placed;         /* ours is there, or behind one that the program has put before it */
static PyObject *by_module; /* importlib._bootstrap._gcd_import */
static PyObject *ours;

/* The name's bytes, of the object itself or of *keep, which is the caller's. */
static const char *text_of(PyObject *name, PyObject **keep)
{
	const char *text = NULL;

	*keep = NULL;
	if (!PyUnicode_Check(name))
		return "?";
	*keep = PyUnicode_AsEncodedString(name, "utf-8", "backslashreplace");
	text = *keep ? PyBytes_AsString(*keep) : NULL;
	PyErr_Clear();
	return text ? text : "?";
}

static PyObject *find_and_load(PyObject *self, PyObject *args, PyObject *kwargs)
{
	PyObject *function = before, *keep = NULL, *module;
	bool shown = PyTuple_Size(args) == 2 && PyTuple_GetItem(args, 1) != by_module;
	const char *name = shown ? text_of(PyTuple_GetItem(args, 0), &keep) : "";

	(void)self;
	Py_INCREF(function);
	if (shown)
		markers_import_start(name);
	module = PyObject_Call(function, args, kwargs);
	if (shown)
		markers_import_done(name, module != NULL);
	Py_DECREF(function);
	Py_XDECREF(keep);
	return module;
}

static PyMethodDef definition = { FUNCTION, (PyCFunction)(void (*)(void))find_and_load,
				  METH_VARARGS | METH_KEYWORDS, NULL };

int imports_begin(void)
{
	bootstrap = PyImport_ImportModule("_frozen_importlib");
	by_module = bootstrap ? PyObject_GetAttrString(bootstrap, "_gcd_import") : NULL;
	ours = PyCFunction_New(&definition, NULL);
	placed = false;
	return PyErr_Occurred() ? -1 : 0;
}

void imports_switch(bool on)
{
	PyObject *there = on || placed ? PyObject_GetAttrString(bootstrap, FUNCTION) : NULL;

	if (on && !placed && there) {
		Py_XDECREF(before);
		before = there;
		Py_INCREF(before);
		placed = !PyObject_SetAttrString(bootstrap, FUNCTION, ours);
	} else if (!on && there == ours && placed) {
		placed = PyObject_SetAttrString(bootstrap, FUNCTION, before) != 0;
	}
	Py_XDECREF(there);
	PyErr_Clear();
}
