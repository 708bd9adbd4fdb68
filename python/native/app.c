// SPDX-License-Identifier: 0BSD
/*
 * Arguments of a wrong type raise TypeError, watched or not. Nothing else raises: what
 * cannot be encoded stands as a backslash escape, a NUL as \x00, and numbers beyond 64
 * bits become the nearest one within.
 *
 * Tallies are added up here by name, under the interpreter's lock, and handed over by the
 * helper's thread every TICK_MS, which the header's own, one per thread and place of use,
 * cannot be.
 */
#include "app.h"

#include <stdlib.h>
#include <string.h>

#include "announce.h"

#define TALLIES 1024

/* A string's bytes, as long as keep, or the argument itself, lives. */
struct text {
	const char *s;
	PyObject *keep; /* ours; NULL: the argument has the bytes */
};

static PyObject *tally_numbers; /* name -> place in tallies */
static struct tally {
	struct text text; /* of the name */
	unsigned long long count;
	long long sum;
} tallies[TALLIES];
static int n_tallies;
static unsigned long long last_span;

static const char *bytes_of(PyObject *string, Py_ssize_t *size)
{
	const char *s = PyUnicode_AsUTF8AndSize(string, size);

	if (!s)
		PyErr_Clear();
	return s;
}

/* A copy that has a UTF-8 form without NULs; NULL: out of memory. */
static PyObject *plain_copy(PyObject *string)
{
	PyObject *bytes = PyUnicode_AsEncodedString(string, "utf-8", "backslashreplace");
	PyObject *text = NULL, *copy = NULL;

	if (bytes)
		text = PyUnicode_DecodeUTF8(PyBytes_AsString(bytes), PyBytes_Size(bytes), NULL);
	if (text)
		copy = PyObject_CallMethod(text, "replace", "s#s", "", (Py_ssize_t)1, "\\x00");
	Py_XDECREF(bytes);
	Py_XDECREF(text);
	PyErr_Clear();
	return copy;
}

/* False: it is no str, and TypeError is set. */
static bool text_take(struct text *t, PyObject *string)
{
	Py_ssize_t size = 0;

	t->keep = NULL;
	if (!PyUnicode_Check(string)) {
		PyErr_Format(PyExc_TypeError, "a str is needed, not %R",
			     (PyObject *)Py_TYPE(string));
		return false;
	}
	t->s = bytes_of(string, &size);
	if (t->s && !memchr(t->s, '\0', (size_t)size))
		return true;
	t->keep = plain_copy(string);
	t->s = t->keep ? bytes_of(t->keep, &size) : NULL;
	if (!t->s)
		t->s = "?";
	return true;
}

static void text_drop(const struct text *t)
{
	Py_XDECREF(t->keep);
}

/* Takes n strings; false: TypeError is set, and there is nothing to drop. */
static bool texts_take(struct text *t, PyObject *const *args, int n)
{
	for (int i = 0; i < n; i++) {
		if (text_take(&t[i], args[i]))
			continue;
		while (i-- > 0)
			text_drop(&t[i]);
		return false;
	}
	return true;
}

static PyObject *texts_drop(const struct text *t, int n)
{
	while (n-- > 0)
		text_drop(&t[n]);
	Py_RETURN_NONE;
}

/* False: it is no integer, and TypeError is set. */
static bool number_take(PyObject *o, long long *number)
{
	int overflow = 0;

	*number = PyLong_AsLongLongAndOverflow(o, &overflow);
	if (overflow)
		*number = overflow < 0 ? INT64_MIN : INT64_MAX;
	return overflow || *number != -1 || !PyErr_Occurred();
}

static bool takes(const char *what, Py_ssize_t n, Py_ssize_t least, Py_ssize_t most)
{
	if (n >= least && n <= most)
		return true;
	PyErr_Format(PyExc_TypeError, "%s: %zd arguments", what, n);
	return false;
}

static PyObject *app_start(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
	struct text t[3];

	(void)self;
	if (!takes("start", n, 3, 3) || !texts_take(t, args, 3))
		return NULL;
	TELETAP_START(t[0].s, t[1].s, t[2].s);
	return texts_drop(t, 3);
}

static PyObject *app_stop(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
	struct text t;

	(void)self;
	if (!takes("stop", n, 1, 1) || !text_take(&t, args[0]))
		return NULL;
	TELETAP_STOP(t.s);
	return texts_drop(&t, 1);
}

static PyObject *app_config(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
	struct text t[2];

	(void)self;
	if (!takes("config", n, 2, 2) || !texts_take(t, args, 2))
		return NULL;
	TELETAP_CONFIG(t[0].s, t[1].s);
	return texts_drop(t, 2);
}

static PyObject *app_log(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
	long long level;
	struct text t;

	(void)self;
	if (!takes("log", n, 2, 2) || !number_take(args[0], &level) || !text_take(&t, args[1]))
		return NULL;
	level = level < TELETAP_EMERGENCY ? TELETAP_EMERGENCY
		: level > TELETAP_DEBUG   ? TELETAP_DEBUG
					  : level;
	TELETAP_LOG((int)level, "%s", t.s);
	return texts_drop(&t, 1);
}

static PyObject *app_error(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
	long long handled;
	struct text t[2];

	(void)self;
	if (!takes("error", n, 3, 3) || !number_take(args[2], &handled) || !texts_take(t, args, 2))
		return NULL;
	TELETAP_ERROR(t[0].s, t[1].s, handled != 0);
	return texts_drop(t, 2);
}

/* part, calculation, item, value */
static PyObject *app_state(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
	struct text t[3];
	long long part;

	(void)self;
	if (!takes("state", n, 4, 4) || !number_take(args[0], &part) || !texts_take(t, args + 1, 3))
		return NULL;
	if (part == TELETAP_INPUT_)
		TELETAP_STATE_INPUT(t[0].s, t[1].s, "%s", t[2].s);
	else if (part == TELETAP_STEP_)
		TELETAP_STATE_STEP(t[0].s, t[1].s, "%s", t[2].s);
	else
		TELETAP_STATE_RESULT(t[0].s, "%s", t[2].s);
	return texts_drop(t, 3);
}

static PyObject *app_counter(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
	long long delta = 1;
	struct text t;

	(void)self;
	if (!takes("counter", n, 1, 2) || (n > 1 && !number_take(args[1], &delta)) ||
	    !text_take(&t, args[0]))
		return NULL;
	TELETAP_COUNTER(t.s, delta);
	return texts_drop(&t, 1);
}

static PyObject *app_gauge(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
	long long value;
	struct text t;

	(void)self;
	if (!takes("gauge", n, 2, 2) || !number_take(args[1], &value) || !text_take(&t, args[0]))
		return NULL;
	TELETAP_GAUGE(t.s, value);
	return texts_drop(&t, 1);
}

/* Its number, no other span's of this process. */
static PyObject *app_span_begin(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
	unsigned long long id = ++last_span;
	struct text t;

	(void)self;
	if (!takes("span_begin", n, 1, 1) || !text_take(&t, args[0]))
		return NULL;
	TELETAP_SPAN_BEGIN(t.s, id);
	text_drop(&t);
	return PyLong_FromUnsignedLongLong(id);
}

static PyObject *app_span_end(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
	long long id, status;
	struct text t;

	(void)self;
	if (!takes("span_end", n, 3, 3) || !number_take(args[1], &id) ||
	    !number_take(args[2], &status) || !text_take(&t, args[0]))
		return NULL;
	TELETAP_SPAN_END(t.s, id, status);
	return texts_drop(&t, 1);
}

bool app_wanted(void)
{
	return TELETAP_ON_(teletap__tally);
}

static void hand_over(const char *name, unsigned long long count, long long sum)
{
	if (TELETAP_ON_(teletap__tally)) {
		name = teletap_touch_(name);
		TELETAP_MARK3_(TELETAP_PROVIDER, teletap__tally, "8", name, "8", count, "-8", sum)
	}
}

void app_hand_over(void)
{
	for (int i = 0; i < n_tallies; i++) {
		struct tally *t = &tallies[i];

		if (t->count)
			hand_over(t->text.s, t->count, t->sum);
		t->count = 0;
		t->sum = 0;
	}
}

void app_forked(void)
{
	for (int i = 0; i < n_tallies; i++) {
		tallies[i].count = 0;
		tallies[i].sum = 0;
	}
}

/* The place of a name, a str and nothing derived from it; NULL: there is no room. */
static struct tally *tally_of(PyObject *name)
{
	PyObject *number = PyDict_GetItemWithError(tally_numbers, name);
	struct tally *t = &tallies[n_tallies];
	int error;

	if (number)
		return &tallies[PyLong_AsLong(number)];
	PyErr_Clear();
	number = n_tallies < TALLIES ? PyLong_FromLong(n_tallies) : NULL;
	error = !number || PyDict_SetItem(tally_numbers, name, number);
	Py_XDECREF(number);
	PyErr_Clear();
	if (error)
		return NULL;
	text_take(&t->text, name); /* the dictionary keeps it */
	t->count = 0;
	t->sum = 0;
	n_tallies++;
	return t;
}

static PyObject *app_tally(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
	static bool counting;
	struct tally *t = NULL;
	long long value = 0;
	struct text text;

	(void)self;
	if (!takes("tally", n, 1, 2) || (n > 1 && !number_take(args[1], &value)) ||
	    !text_take(&text, args[0]))
		return NULL;
	if (!TELETAP_ON_(teletap__tally)) {
		if (counting)
			app_forked(); /* for one who has gone */
		counting = false;
		return texts_drop(&text, 1);
	}
	counting = true;
	if (PyUnicode_CheckExact(args[0]))
		t = tally_of(args[0]);
	if (t) {
		t->count++;
		t->sum = (long long)((unsigned long long)t->sum + (unsigned long long)value);
	} else {
		hand_over(text.s, 1, value);
	}
	return texts_drop(&text, 1);
}

#define FASTCALL(name) (PyCFunction)(void (*)(void)) name, METH_FASTCALL

PyMethodDef app_methods[] = {
	{ "_start", FASTCALL(app_start), NULL },
	{ "_config", FASTCALL(app_config), NULL },
	{ "_log", FASTCALL(app_log), NULL },
	{ "_error", FASTCALL(app_error), NULL },
	{ "_state", FASTCALL(app_state), NULL },
	{ "_span_begin", FASTCALL(app_span_begin), NULL },
	{ "_span_end", FASTCALL(app_span_end), NULL },
	{ "stop", FASTCALL(app_stop),
	  "stop(reason, /)\n--\n\nThe program is about to stop (pages 201, 245)." },
	{ "counter", FASTCALL(app_counter),
	  "counter(name, delta=1, /)\n--\n\nThe counter has grown by delta, an int (page 241)." },
	{ "gauge", FASTCALL(app_gauge),
	  "gauge(name, value, /)\n--\n\nThe gauge now is value, an int (page 241)." },
	{ "tally", FASTCALL(app_tally),
	  "tally(name, value=0, /)\n--\n\nOne event, for hot paths, value to be summed up: handed "
	  "over every 0.1 s (page 241)." },
	{ NULL, NULL, 0, NULL },
};

int app_begin(void)
{
	if (!tally_numbers)
		tally_numbers = PyDict_New();
	return tally_numbers ? 0 : -1;
}
