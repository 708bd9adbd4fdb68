// SPDX-License-Identifier: 0BSD
#include "app.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool started;          /* in this interpreter */
static bool ended;            /* it is on its way down */
static _Atomic int on;        /* what is switched on of WANT_TABLES */
static _Atomic int others_on; /* of the rest */
static bool looking;          /* what is called then may give the lock away */
static int forking;           /* forks under way; and the end */
static bool forked;           /* by others than CPython, and nothing has been done about it */

static void look_for_calls(int wants)
{
	if (!wants && on) {
		source_off();
		table_set_mode(0);
		on = 0;
	} else if (wants && !on) {
		table_set_mode(wants);
		if (source_on())
			on = wants;
		else
			table_set_mode(0);
	} else if (on) {
		source_tick();
		table_set_mode(on = wants);
	}
	if (on)
		table_flush();
}

void switch_look(void)
{
	int wants = ended ? 0 : markers_wanted();

	if (looking)
		return;
	looking = true;
	look_for_calls(wants & WANT_TABLES);
	gc_switch(wants & WANT_GC);
	imports_switch(wants & WANT_IMPORTS);
	audit_switch(wants & WANT_AUDIT);
	others_on = wants & ~WANT_TABLES;
	looking = false;
}

bool switch_is_on(void)
{
	return on || others_on;
}

/* Hands over what there is, unless that is being done. */
static void flush(void)
{
	if (!on || looking)
		return;
	looking = true;
	table_flush();
	looking = false;
}

static void start_threads(void)
{
	helper_start();
	pages_again();
}

/* In the main thread, when it runs Python code again. */
static int start_later(void *arg)
{
	(void)arg;
	if (!ended && !forking) /* after that fork, again */
		start_threads();
	return 0;
}

/*
 * After a fork. CPython counts the process's threads when its after-fork functions
 * are through (3.13 on), hence later. A thread that is not the main one is a second
 * one anyway.
 */
static void start_again(void)
{
	if (ended || forking)
		return;
	if (syscall(SYS_gettid) != getpid() || Py_AddPendingCall(start_later, NULL))
		start_threads();
}

/* In a child: what there is belongs to the parent. */
static void begin_anew(void)
{
	forked = false;
	forking = 0;
	looking = false;
	helper_forget();
	pages_forget();
	table_forked();
	app_forked();
}

static PyObject *before_fork(PyObject *self, PyObject *unused)
{
	(void)self, (void)unused;
	if (forked)
		begin_anew();
	forking++;
	helper_stop();
	Py_RETURN_NONE;
}

static PyObject *after_fork_parent(PyObject *self, PyObject *unused)
{
	(void)self, (void)unused;
	if (forking > 0)
		forking--;
	start_again();
	Py_RETURN_NONE;
}

static PyObject *after_fork_child(PyObject *self, PyObject *unused)
{
	(void)self, (void)unused;
	begin_anew();
	start_again();
	Py_RETURN_NONE;
}

/*
 * Forks in C of which CPython is not told: uWSGI's, whose children run Python code, and those
 * of subprocess, whose children only call what a signal handler may, and exec. So in the child
 * itself nothing is done but to make a note. What is to be done is left with CPython before the
 * fork, and comes when the child's main thread runs Python code, if it ever does.
 */
static int begin_in_child(void *arg)
{
	(void)arg;
	if (forked && !ended) {
		begin_anew();
		start_threads();
	}
	return 0;
}

static void before_fork_of_others(void)
{
	if (started && !ended && !forking && syscall(SYS_gettid) == getpid())
		Py_AddPendingCall(begin_in_child, NULL);
}

static void after_fork_of_others(void)
{
	forked = started && !ended && !forking;
}

static PyObject *at_exit(PyObject *self, PyObject *unused)
{
	(void)self, (void)unused;
	if (forked)
		begin_anew();
	forking++; /* so that no other thread, which forks, starts it again */
	helper_stop();
	flush();
	app_hand_over();
	ended = true;
	switch_look();
	started = false;
	forking = 0;
	Py_RETURN_NONE;
}

static PyObject *only(PyObject *self, PyObject *patterns)
{
	(void)self;
	flush();
	if (table_only(patterns))
		return NULL;
	if (on) { /* what was muted may be wanted now */
		source_off();
		table_set_mode(0);
		on = 0;
		switch_look();
	}
	Py_RETURN_NONE;
}

static PyObject *status(PyObject *self, PyObject *unused)
{
	(void)self, (void)unused;
	return Py_BuildValue(
		"{s:N,s:N,s:N,s:N,s:N,s:N,s:z}", "sums", PyBool_FromLong(on & WANT_SUMS), "calls",
		PyBool_FromLong(on & WANT_CALLS), "gc", PyBool_FromLong(others_on & WANT_GC),
		"imports", PyBool_FromLong(others_on & WANT_IMPORTS), "audit",
		PyBool_FromLong(others_on & WANT_AUDIT), "helper",
		PyBool_FromLong(helper_runs() && !forked), "why", source_why());
}

static PyMethodDef hooks[] = {
	{ "before_fork", before_fork, METH_NOARGS, NULL },
	{ "after_fork_parent", after_fork_parent, METH_NOARGS, NULL },
	{ "after_fork_child", after_fork_child, METH_NOARGS, NULL },
	{ "at_exit", at_exit, METH_NOARGS, NULL },
};

static PyMethodDef methods[] = {
	{ "only", only, METH_O,
	  "only(patterns): count only functions whose file or name matches a shell's pattern" },
	{ "status", status, METH_NOARGS, "status(): what is switched on now" },
	{ NULL, NULL, 0, NULL },
};

/* module.function(**{name: hook, ...}) or module.function(hook) */
static int give_hook(const char *module, const char *function, const char *const *names, int first,
		     int n)
{
	PyObject *m = PyImport_ImportModule(module);
	PyObject *f = m ? PyObject_GetAttrString(m, function) : NULL;
	PyObject *kwargs = PyDict_New(), *args = PyTuple_New(names ? 0 : 1), *result = NULL;
	bool good = f && kwargs && args;

	for (int i = 0; i < n && good; i++) {
		PyObject *hook = PyCFunction_New(&hooks[first + i], NULL);

		if (names) {
			good = hook && !PyDict_SetItemString(kwargs, names[i], hook);
			Py_XDECREF(hook);
		} else {
			good = hook && !PyTuple_SetItem(args, 0, hook);
		}
	}
	if (good)
		result = PyObject_Call(f, args, kwargs);
	Py_XDECREF(result);
	Py_XDECREF(kwargs);
	Py_XDECREF(args);
	Py_XDECREF(f);
	Py_XDECREF(m);
	return result ? 0 : -1;
}

static int module_exec(PyObject *module)
{
	static const char *const forks[] = { "before", "after_in_parent", "after_in_child" };
	static bool hooked;

	if (PyInterpreterState_GetID(PyInterpreterState_Get()) != 0) {
		PyErr_SetString(
			PyExc_ImportError,
			"teletap works in the main interpreter only: not in sub-interpreters");
		return -1;
	}
	if (PyModule_AddFunctions(module, source_methods) ||
	    PyModule_AddFunctions(module, app_methods) ||
	    PyModule_AddFunctions(module, pages_methods) ||
	    PyModule_AddStringConstant(module, "__version__", VERSION) || app_begin())
		return -1;
	if (started)
		return 0;
	if (source_begin(module) || gc_begin() || imports_begin() ||
	    give_hook("atexit", "register", NULL, 3, 1) ||
	    (!hooked && (give_hook("os", "register_at_fork", forks, 0, 3) ||
			 pthread_atfork(before_fork_of_others, NULL, after_fork_of_others))))
		return -1;
	hooked = started = true;
	markers_loaded();
	ended = false;
	switch_look();
	helper_start();
	return 0;
}

static PyModuleDef_Slot slots[] = {
	{ Py_mod_exec, (void *)module_exec },
#ifdef Py_mod_multiple_interpreters
	{ Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED },
#endif
	{ 0, NULL },
};

static PyModuleDef definition = {
	PyModuleDef_HEAD_INIT,
	.m_name = "teletap._native",
	.m_doc = "Markers for calls of Python functions.",
	.m_methods = methods,
	.m_slots = slots,
};

PyMODINIT_FUNC PyInit__native(void)
{
	return PyModuleDef_Init(&definition);
}
