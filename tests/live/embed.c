// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A program with Python inside: embed SCRIPT ARGUMENT... It gives the script a module,
 * host, whose start(call) makes a thread in C that calls it.
 */
#include <Python.h>
#include <pthread.h>
#include <stdio.h>

static void *thread(void *call)
{
	PyGILState_STATE state = PyGILState_Ensure();
	PyObject *result = PyObject_CallObject(call, NULL);

	if (!result)
		PyErr_Print();
	Py_XDECREF(result);
	Py_DECREF((PyObject *)call);
	PyGILState_Release(state);
	return NULL;
}

static PyObject *start(PyObject *self, PyObject *call)
{
	pthread_t id;

	(void)self;
	Py_INCREF(call);
	if (pthread_create(&id, NULL, thread, call))
		return PyErr_Format(PyExc_RuntimeError, "no thread");
	pthread_detach(id);
	Py_RETURN_NONE;
}

static PyMethodDef methods[] = { { "start", start, METH_O, NULL }, { NULL, NULL, 0, NULL } };
static struct PyModuleDef module = { PyModuleDef_HEAD_INIT, .m_name = "host",
				     .m_methods = methods };

static PyObject *make(void)
{
	return PyModule_Create(&module);
}

int main(int argc, char **argv)
{
	FILE *script = argc > 1 ? fopen(argv[1], "r") : NULL;
	PyConfig config;
	PyStatus status;

	if (!script || PyImport_AppendInittab("host", make))
		return 2;
	PyConfig_InitPythonConfig(&config);
	config.parse_argv = 0;
	status = PyConfig_SetBytesArgv(&config, argc - 1, argv + 1);
	if (!PyStatus_Exception(status))
		status = Py_InitializeFromConfig(&config);
	if (PyStatus_Exception(status))
		Py_ExitStatusException(status);
	return PyRun_SimpleFileEx(script, argv[1], 1) ? 1 : Py_FinalizeEx();
}
