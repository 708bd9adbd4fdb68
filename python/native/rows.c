// SPDX-License-Identifier: 0BSD
#include "rows.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#define PATTERNS 16

static char *patterns[PATTERNS];
static int n_patterns;
bool filtering;

static uint32_t *slot_of(const struct rows *r, const PyObject *code)
{
	uint32_t mask = 2 * r->room - 1;
	uint32_t at = (uint32_t)(((uintptr_t)code >> 4) * 0x9e3779b97f4a7c15ull >> 32);

	while (r->index[at & mask] && r->row[r->index[at & mask] - 1].code != code)
		at++;
	return &r->index[at & mask];
}

uint32_t rows_find(const struct rows *r, const PyObject *code)
{
	return r->room ? *slot_of(r, code) - 1 : NO_ROW; /* 0 - 1 is NO_ROW */
}

bool rows_full(const struct rows *r)
{
	return r->n == r->room;
}

/* A code object's string as bytes that live as long as it, or as *keep, which is ours. */
static const char *text_of(PyObject *code, const char *attribute, PyObject **keep)
{
	static const char *const ways[] = { "surrogateescape", "backslashreplace" };
	PyObject *s = PyObject_GetAttrString(code, attribute);
	const char *text = s ? PyUnicode_AsUTF8AndSize(s, NULL) : NULL;

	for (int i = 0; i < 2 && s && !text; i++) {
		PyErr_Clear();
		*keep = PyUnicode_AsEncodedString(s, "utf-8", ways[i]);
		text = *keep ? PyBytes_AsString(*keep) : NULL;
	}
	PyErr_Clear();
	Py_XDECREF(s);
	return text ? text : "?";
}

uint32_t rows_add(struct rows *r, PyObject *code)
{
	struct row *row = &r->row[r->n];
	PyObject *line = PyObject_GetAttrString(code, "co_firstlineno");

	*row = (struct row){ .code = code };
	Py_INCREF(code);
	row->sum.function = text_of(code, "co_name", &row->function);
	row->sum.file = text_of(code, "co_filename", &row->file);
	row->sum.line = line ? PyLong_AsLong(line) : 0;
	Py_XDECREF(line);
	PyErr_Clear();
	row->muted = rows_muted(&row->sum);
	*slot_of(r, code) = ++r->n;
	return r->n - 1;
}

uint32_t *rows_move(struct rows *r, uint32_t room, bool drop, struct rows *dropped)
{
	struct rows to = { .room = room };
	uint32_t *where = malloc((r->n + 1) * sizeof(*where));

	to.row = calloc(room, sizeof(*to.row));
	to.index = calloc(2 * (size_t)room, sizeof(*to.index));
	if (!where || !to.row || !to.index) {
		free(where);
		free(to.row);
		free(to.index);
		return NULL;
	}
	*dropped = (struct rows){ .row = r->row };
	for (uint32_t i = 0; i < r->n; i++) {
		const struct row row = r->row[i];

		if (drop && !row.used && !row.open) {
			where[i] = NO_ROW;
			dropped->row[dropped->n++] = row;
		} else {
			where[i] = to.n;
			*slot_of(&to, row.code) = to.n + 1;
			to.row[to.n++] = row;
		}
	}
	free(r->index);
	*r = to;
	return where;
}

void rows_free(struct rows *r)
{
	for (uint32_t i = 0; i < r->n; i++) {
		Py_XDECREF(r->row[i].function);
		Py_XDECREF(r->row[i].file);
		Py_DECREF(r->row[i].code);
	}
	free(r->row);
	free(r->index);
}

bool rows_muted(const struct sum *s)
{
	for (int i = 0; i < n_patterns; i++) {
		if (!fnmatch(patterns[i], s->file, 0) || !fnmatch(patterns[i], s->function, 0))
			return false;
	}
	return n_patterns > 0;
}

int table_only(PyObject *list)
{
	Py_ssize_t n = PyUnicode_Check(list) ? -1 : PySequence_Size(list);
	char *copies[PATTERNS] = { NULL };

	if (n < 0 || n > PATTERNS) {
		PyErr_Format(PyExc_ValueError, "a list of at most %d patterns", PATTERNS);
		return -1;
	}
	for (Py_ssize_t i = 0; i < n; i++) {
		PyObject *item = PySequence_GetItem(list, i);
		PyObject *bytes =
			item ? PyUnicode_AsEncodedString(item, "utf-8", "surrogateescape") : NULL;

		copies[i] = bytes ? strdup(PyBytes_AsString(bytes)) : NULL;
		Py_XDECREF(item);
		Py_XDECREF(bytes);
		if (copies[i])
			continue;
		while (i > 0)
			free(copies[--i]);
		return PyErr_Occurred() ? -1 : (PyErr_NoMemory(), -1);
	}
	for (int i = 0; i < n_patterns; i++)
		free(patterns[i]);
	memcpy(patterns, copies, sizeof(patterns));
	n_patterns = (int)n;
	filtering = n > 0;
	return 0;
}
