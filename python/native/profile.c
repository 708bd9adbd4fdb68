// SPDX-License-Identifier: 0BSD
/*
 * CPython 3.9 to 3.11: the function that sys.setprofile would set, in C, in every thread that
 * has none. A thread that a program's own profiler has is left alone, and so not
 * counted. Threads to come are given ours by threading's hook, before they run
 * anything; those that are not made by threading get it within a tick.
 */
#include "native.h"

#if !HAVE_MONITORING

#include <frameobject.h>
#include <stdio.h>

static PyObject *hook;      /* our function for threading._profile_hook */
static PyObject *threading; /* where it stands; NULL: nowhere */
static char why[200];

static int on_event(PyObject *self, PyFrameObject *frame, int what, PyObject *arg)
{
	PyCodeObject *code;

	(void)self, (void)arg;
	if (what != PyTrace_CALL && what != PyTrace_RETURN)
		return 0;
	code = PyFrame_GetCode(frame);
	if (what == PyTrace_CALL)
		table_enter((PyObject *)code, frame);
	else
		table_leave((PyObject *)code, frame);
	Py_DECREF(code);
	return 0;
}

/* The first event of a thread of threading: (frame, event, arg). */
static PyObject *thread_begins(PyObject *self, PyObject *args)
{
	PyObject *frame, *arg;
	const char *event;

	(void)self;
	if (!PyArg_ParseTuple(args, "OsO", &frame, &event, &arg))
		return NULL;
	PyEval_SetProfile(on_event, NULL);
	if (event[0] == 'c' && event[1] == 'a' && PyFrame_Check(frame)) /* call */
		on_event(NULL, (PyFrameObject *)frame, PyTrace_CALL, NULL);
	Py_RETURN_NONE;
}

PyMethodDef source_methods[] = {
	{ "_thread_begins", thread_begins, METH_VARARGS, NULL },
	{ NULL, NULL, 0, NULL },
};

int source_begin(PyObject *module)
{
	hook = PyObject_GetAttrString(module, "_thread_begins");
	return hook ? 0 : -1;
}

/* Sets or unsets it in every thread of the main interpreter. */
static bool all_threads(bool on)
{
	PyThreadState *t = PyInterpreterState_ThreadHead(PyInterpreterState_Main());
	bool good = true;

	for (; t; t = PyThreadState_Next(t)) {
		if (on ? t->c_profilefunc != NULL : t->c_profilefunc != on_event)
			continue;
		if (_PyEval_SetProfile(t, on ? on_event : NULL, NULL)) {
			PyErr_Clear(); /* an audit hook refuses */
			good = false;
		}
	}
	return good;
}

static void set_hook(void)
{
	PyObject *modules = PyImport_GetModuleDict(), *there;

	if (threading)
		return;
	threading = PyDict_GetItemString(modules, "threading");
	there = threading ? PyObject_GetAttrString(threading, "_profile_hook") : NULL;
	if (there == Py_None && !PyObject_SetAttrString(threading, "_profile_hook", hook))
		Py_INCREF(threading);
	else
		threading = NULL;
	Py_XDECREF(there);
	PyErr_Clear();
}

bool source_on(void)
{
	why[0] = '\0';
	greenlets_look();
	if (!all_threads(true)) {
		snprintf(why, sizeof(why), "sys.setprofile: refused by an audit hook");
		all_threads(false);
		return false;
	}
	set_hook();
	return true;
}

void source_off(void)
{
	all_threads(false);
	if (threading) {
		PyObject *there = PyObject_GetAttrString(threading, "_profile_hook");

		if (there == hook)
			PyObject_SetAttrString(threading, "_profile_hook", Py_None);
		Py_XDECREF(there);
		Py_CLEAR(threading);
		PyErr_Clear();
	}
}

void source_tick(void)
{
	greenlets_look();
	all_threads(true);
	set_hook();
}

const char *source_why(void)
{
	return *why ? why : NULL;
}

#endif
