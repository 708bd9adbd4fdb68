// SPDX-License-Identifier: 0BSD
/*
 * Pages 300 to 399: the thread for teletap/pages.py, which waits there for questions. It
 * is ended before a fork and started again after it, as the helper is (helper.c).
 */
#include "native.h"

#include <sys/eventfd.h>

#define STACK (1024 * 1024)

static struct thread_own thread;
static bool runs;
static PyObject *again;

static void *serve(void *function)
{
	PyGILState_STATE state = PyGILState_Ensure();
	PyObject *result = PyObject_CallNoArgs(function);

	if (!result)
		PyErr_WriteUnraisable(function);
	Py_XDECREF(result);
	Py_DECREF((PyObject *)function);
	PyGILState_Release(state);
	return NULL;
}

/* _serve(function): calls it in the thread, unless that runs. */
static PyObject *pages_serve(PyObject *self, PyObject *function)
{
	(void)self;
	if (!runs) {
		Py_INCREF(function);
		runs = thread_start(&thread, STACK, serve, function);
		if (!runs)
			Py_DECREF(function);
	}
	return PyBool_FromLong(runs);
}

/*
 * _join(wake): writes to that eventfd, and waits until the function has returned; when it takes too
 * long (helper.c), the thread stays, and is waited for the next time.
 */
static PyObject *pages_join(PyObject *self, PyObject *wake)
{
	long fd = PyLong_AsLong(wake);

	(void)self;
	if (fd == -1 && PyErr_Occurred())
		return NULL;
	if (runs) {
		PyThreadState *state;
		bool ended;

		runs = false;
		eventfd_write((int)fd, 1);
		state = PyEval_SaveThread();
		ended = thread_join(&thread);
		PyEval_RestoreThread(state);
		if (!ended)
			runs = true;
	}
	Py_RETURN_NONE;
}

/* _again(function): is called after each fork, when a thread may be started. */
static PyObject *pages_set_again(PyObject *self, PyObject *function)
{
	(void)self;
	Py_INCREF(function);
	Py_XDECREF(again);
	again = function;
	Py_RETURN_NONE;
}

void pages_again(void)
{
	PyObject *result = again ? PyObject_CallNoArgs(again) : NULL;

	if (again && !result)
		PyErr_WriteUnraisable(again);
	Py_XDECREF(result);
}

void pages_forget(void)
{
	runs = false;
}

PyMethodDef pages_methods[] = {
	{ "_serve", pages_serve, METH_O, NULL },
	{ "_join", pages_join, METH_O, NULL },
	{ "_again", pages_set_again, METH_O, NULL },
	{ NULL, NULL, 0, NULL },
};
