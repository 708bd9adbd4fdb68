// SPDX-License-Identifier: 0BSD
/*
 * CPython 3.12 and later: the events of sys.monitoring, received by functions in C.
 * A tool's number is taken only while somebody listens, so that others find it free.
 * What is called in an event's function is no event itself: the interpreter sees to
 * that, and so functions called by a debugger's own event functions are not counted.
 */
#include "native.h"

#if HAVE_MONITORING

#include <stdio.h>
#include <string.h>

static PyObject *disable; /* sys.monitoring.DISABLE */
static PyObject *monitoring;
static int tool = -1;
static char why[200];
static bool muted; /* something, by DISABLE */

/*
 * The frame that runs, which is asked for only where stacks may change: it is an object that
 * CPython makes for whoever asks.
 */
static const void *frame_now(void)
{
	return greenlets ? PyEval_GetFrame() : NULL;
}

/* None is immortal from 3.12 on: counting its references would be a call into CPython. */
#define EVENT(name, action, may_disable)                                                           \
	static PyObject *name(PyObject *self, PyObject *const *args, Py_ssize_t n)                 \
	{                                                                                          \
		(void)self;                                                                        \
		if (n < 1)                                                                         \
			return Py_None;                                                            \
		if (may_disable && filtering && table_mutes(args[0])) {                            \
			muted = true;                                                              \
			Py_INCREF(disable);                                                        \
			return disable;                                                            \
		}                                                                                  \
		action(args[0], frame_now());                                                      \
		return Py_None;                                                                    \
	}

/* Up to 3.14, two of the events cannot be switched off for one code object. */
EVENT(on_start, table_enter, true)
EVENT(on_resume, table_enter, true)
EVENT(on_throw, table_enter, false)
EVENT(on_return, table_leave, true)
EVENT(on_yield, table_leave, true)
EVENT(on_unwind, table_leave, false)

#define FASTCALL(name) (PyCFunction)(void (*)(void)) name, METH_FASTCALL, NULL

static PyMethodDef functions[] = {
	{ "PY_START", FASTCALL(on_start) }, { "PY_RESUME", FASTCALL(on_resume) },
	{ "PY_THROW", FASTCALL(on_throw) }, { "PY_RETURN", FASTCALL(on_return) },
	{ "PY_YIELD", FASTCALL(on_yield) }, { "PY_UNWIND", FASTCALL(on_unwind) },
};

#define N_EVENTS (sizeof(functions) / sizeof(functions[0]))

PyMethodDef source_methods[] = { { NULL, NULL, 0, NULL } };

static long numbers[N_EVENTS];
static PyObject *receivers[N_EVENTS];

int source_begin(PyObject *module)
{
	PyObject *events;

	(void)module;
	monitoring = PySys_GetObject("monitoring");
	Py_XINCREF(monitoring);
	disable = monitoring ? PyObject_GetAttrString(monitoring, "DISABLE") : NULL;
	events = disable ? PyObject_GetAttrString(monitoring, "events") : NULL;
	for (size_t i = 0; i < N_EVENTS && events; i++) {
		PyObject *number = PyObject_GetAttrString(events, functions[i].ml_name);

		receivers[i] = PyCFunction_New(&functions[i], NULL);
		numbers[i] = number ? PyLong_AsLong(number) : -1;
		Py_XDECREF(number);
		if (numbers[i] < 0 || !receivers[i])
			break;
	}
	Py_XDECREF(events);
	if (!monitoring && !PyErr_Occurred())
		PyErr_SetString(PyExc_ImportError, "teletap: there is no sys.monitoring");
	return PyErr_Occurred() ? -1 : 0;
}

/* Keeps the exception's text as the reason, and clears it. */
static bool refused(const char *what)
{
	PyObject *type, *value, *trace, *text;

	PyErr_Fetch(&type, &value, &trace);
	text = value ? PyObject_Str(value) : NULL;
	snprintf(why, sizeof(why), "%s: %s", what,
		 text && PyUnicode_AsUTF8AndSize(text, NULL) ? PyUnicode_AsUTF8AndSize(text, NULL)
							     : "?");
	Py_XDECREF(text);
	Py_XDECREF(type);
	Py_XDECREF(value);
	Py_XDECREF(trace);
	PyErr_Clear();
	return false;
}

/* Calls a function of sys.monitoring; its result does not matter. */
static bool monitor(const char *name, const char *format, ...)
{
	PyObject *function = PyObject_GetAttrString(monitoring, name), *args, *result = NULL;
	va_list list;

	va_start(list, format);
	args = Py_VaBuildValue(format, list);
	va_end(list);
	if (function && args)
		result = PyObject_CallObject(function, args);
	Py_XDECREF(function);
	Py_XDECREF(args);
	Py_XDECREF(result);
	return result != NULL;
}

bool source_on(void)
{
	/* 0 to 2 and 5 are for debuggers, coverage, profilers and optimizers. */
	static const int tries[] = { 4, 3 };
	long mask = 0;

	greenlets_look();
	for (size_t i = 0; i < 2 && tool < 0; i++) {
		PyErr_Clear();
		if (monitor("use_tool_id", "(is)", tries[i], "teletap"))
			tool = tries[i];
	}
	if (tool < 0)
		return refused("sys.monitoring");
	for (size_t i = 0; i < N_EVENTS; i++) {
		mask |= numbers[i];
		if (!monitor("register_callback", "(ilO)", tool, numbers[i], receivers[i]))
			mask = -1;
	}
	/* What was muted stays so until then, for other tools too, who will mute it again. */
	if (muted && monitor("restart_events", "()"))
		muted = false;
	if (mask > 0 && monitor("set_events", "(il)", tool, mask)) {
		why[0] = '\0';
		return true;
	}
	refused("sys.monitoring");
	source_off();
	return false;
}

void source_off(void)
{
	if (tool < 0)
		return;
	monitor("set_events", "(ii)", tool, 0);
	for (size_t i = 0; i < N_EVENTS; i++)
		monitor("register_callback", "(ilO)", tool, numbers[i], Py_None);
	monitor("free_tool_id", "(i)", tool);
	PyErr_Clear();
	tool = -1;
}

void source_tick(void)
{
	greenlets_look();
}

const char *source_why(void)
{
	return *why ? why : NULL;
}

#endif
