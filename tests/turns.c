// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An extension of CPython 3.9 or 3.15: begin(function) calls it in another stack, back() goes on
 * in the first one in the middle of it, on() in the other one again, as greenlet does.
 */
#include <Python.h>
#include <ucontext.h>

static ucontext_t here, there;
static char stack[1 << 20];
static PyObject *function;

#if PY_VERSION_HEX < 0x030b0000
struct place {
	PyFrameObject *frame;
	int depth;
};

static struct place place_of(const PyThreadState *t)
{
	return (struct place){ t->frame, t->recursion_depth };
}

static void go_on(PyThreadState *t, struct place p, int is_there)
{
	(void)is_there;
	t->frame = p.frame;
	t->recursion_depth = p.depth;
}

static struct place fresh(const PyThreadState *t)
{
	return (struct place){ NULL, t->recursion_depth };
}
#else
struct place {
	struct _PyInterpreterFrame *frame;
	int depth;
	_PyStackChunk *chunk;
	PyObject **top, **limit;
};

static struct place place_of(const PyThreadState *t)
{
	return (struct place){ t->current_frame, t->py_recursion_remaining, t->datastack_chunk,
			       t->datastack_top, t->datastack_limit };
}

static void go_on(PyThreadState *t, struct place p, int is_there)
{
	t->current_frame = p.frame;
	t->py_recursion_remaining = p.depth;
	t->datastack_chunk = p.chunk;
	t->datastack_top = p.top;
	t->datastack_limit = p.limit;
	if (is_there)
		PyUnstable_ThreadState_SetStackProtection(t, stack, sizeof(stack));
	else
		PyUnstable_ThreadState_ResetStackProtection(t);
}

static struct place fresh(const PyThreadState *t)
{
	return (struct place){ .frame = t->base_frame, .depth = t->py_recursion_remaining };
}
#endif

static PyObject *change(ucontext_t *from, ucontext_t *to)
{
	PyThreadState *t = PyThreadState_Get();
	struct place p = place_of(t);

	swapcontext(from, to);
	go_on(t, p, from == &there);
	Py_RETURN_NONE;
}

static void run(void)
{
	PyThreadState *t = PyThreadState_Get();

	go_on(t, fresh(t), 1);
	Py_XDECREF(PyObject_CallObject(function, NULL));
	for (;;)
		change(&there, &here);
}

static PyObject *begin(PyObject *self, PyObject *f)
{
	(void)self;
	Py_INCREF(function = f);
	getcontext(&there);
	there.uc_stack.ss_sp = stack;
	there.uc_stack.ss_size = sizeof(stack);
	makecontext(&there, run, 0);
	return change(&here, &there);
}

static PyObject *back(PyObject *self, PyObject *none)
{
	(void)self, (void)none;
	return change(&there, &here);
}

static PyObject *on(PyObject *self, PyObject *none)
{
	(void)self, (void)none;
	return change(&here, &there);
}

static PyMethodDef methods[] = { { "begin", begin, METH_O, NULL },
				 { "back", back, METH_NOARGS, NULL },
				 { "on", on, METH_NOARGS, NULL },
				 { 0 } };
static struct PyModuleDef turns = { PyModuleDef_HEAD_INIT, "turns", NULL, -1, methods };

PyMODINIT_FUNC PyInit_turns(void)
{
	return PyModule_Create(&turns);
}
