// SPDX-License-Identifier: 0BSD
/*
 * A greenlet's whole life can lie in another one's wait. Then each function that returns is the
 * last one that began, as if one greenlet had called the other: only frames tell them apart.
 */
#include "native.h"

bool greenlets;

void greenlets_look(void)
{
	PyObject *modules = PyImport_GetModuleDict();

	greenlets = modules && PyDict_GetItemString(modules, "greenlet");
}

/* The frame's caller, ours; NULL: it has none. PyFrame_GetBack is not in the limited API. */
static PyObject *caller_of(PyObject *frame)
{
	PyObject *back = PyObject_GetAttrString(frame, "f_back");

	if (!back)
		PyErr_Clear();
	if (back == Py_None)
		Py_CLEAR(back);
	return back;
}

bool greenlets_called(const void *caller, const void *frame)
{
	PyObject *f = (PyObject *)frame;

	if (!greenlets || !caller || !frame)
		return true;
	Py_INCREF(f);
	while (f && f != caller) {
		PyObject *back = caller_of(f);

		Py_DECREF(f);
		f = back;
	}
	Py_XDECREF(f);
	return f;
}
