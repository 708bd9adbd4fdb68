// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * _PyRuntime is exported by every CPython that can load extensions, whatever its file is called;
 * for the others see runtime.h. Its version: Py_Version,
 * exported from 3.11 on; before, the string "3.9.2" among the constants.
 */
#include "cpython/process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/rights.h"
#include "cpython/runtime.h"
#include "cpython/version.h"
#include "target/loaded.h"

#define TRIES 5

/* Looks for it where nothing is written; see version.h. */
static uint32_t version_scan(const struct memory *m, const struct loaded *l, char before)
{
	char *bytes = malloc(SCAN_BYTES);
	uint32_t version = 0;

	for (int i = 0; bytes && i < l->n_parts && !version; i++) {
		uint64_t size = l->parts[i].size < SCAN_MAX ? l->parts[i].size : SCAN_MAX;
		uint64_t at = 0;

		while (!l->parts[i].writable && !version) {
			uint64_t n = size - at < SCAN_BYTES ? size - at : SCAN_BYTES;
			ssize_t got = memory_read_once(m, l->parts[i].at + at, bytes, n);

			if (got <= VERSION_BYTES)
				break;
			version = version_find(bytes, (size_t)got, before);
			at += (uint64_t)got - VERSION_BYTES;
		}
	}
	free(bytes);
	return version;
}

/* Whether the process says of itself what the layout says. */
static enum python_state verify(struct memory *m, struct python *p)
{
	uint64_t words[PYTHON_WORDS];

	if (p->layout.minor < 13)
		return PYTHON_READ;
	if (memory_read(m, p->runtime, words, sizeof(words)) ||
	    memcmp(words, PYTHON_COOKIE, 8) != 0 || words[1] != p->version)
		return PYTHON_ALIEN;
	if (words[2]) {
		const struct python_layout *l = python_free_layout(p->version);

		if (!l)
			return PYTHON_FREE;
		p->layout = *l;
		p->free = true;
	}
	return python_layout_agree(&p->layout, words, 0, PYTHON_WORDS) ? PYTHON_READ : PYTHON_ALIEN;
}

/* Looks into one file. hidden: it may not export anything. True: it is a CPython. */
static bool look_into(struct memory *m, const struct loaded *l, bool hidden, struct python *p)
{
	const struct python_layout *layout;
	uint64_t at, version;

	p->runtime = hidden ? runtime_find(m, l) : loaded_symbol(m, l, "_PyRuntime");
	if (!p->runtime && hidden)
		p->runtime = runtime_guess(m, l);
	if (!p->runtime)
		return false;
	at = loaded_symbol(m, l, "Py_Version");
	if ((at && !memory_read(m, at, &version, sizeof(version))) ||
	    runtime_says(m, p->runtime, &version))
		p->version = (uint32_t)version;
	else if (!(p->version = version_scan(m, l, '\0')))
		p->version = version_scan(m, l, '/');
	layout = python_layout(p->version);
	p->state = PYTHON_UNKNOWN;
	if (layout) {
		p->layout = *layout;
		p->state = verify(m, p);
	}
	return true;
}

/* Whether a file of this name is PyPy's. */
static bool is_pypy(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	return !strncmp(name, "pypy", 4) || !strncmp(name, "libpypy", 7);
}

/* Looks into all files. Sets the state when that cannot be done; true: one is a CPython. */
static bool look_into_all(struct memory *m, const struct loaded_files *files, bool hidden,
			  bool *is_32, struct python *p)
{
	bool found = false;

	for (size_t i = 0; i < files->n && !found; i++) {
		struct loaded l;
		int err = loaded_open(m, files->list[i].base, &l, is_32);

		if (err == -EPERM || err == -ESRCH) {
			p->state = err == -EPERM ? PYTHON_DENIED : PYTHON_GONE;
			break;
		}
		found = !err && look_into(m, &l, hidden, p);
	}
	return found;
}

void python_find(struct memory *m, struct python *p)
{
	struct loaded_files files;
	bool is_32 = false, pypy = false, found;
	int err = loaded_list(m->pid, &files);

	*p = (struct python){ .state = PYTHON_NONE };
	if (err) {
		p->state = err == -EACCES || err == -EPERM ? PYTHON_DENIED : PYTHON_GONE;
		return;
	}
	memory_forget(m);
	for (size_t i = 0; i < files.n; i++)
		pypy |= is_pypy(files.list[i].path);
	found = look_into_all(m, &files, false, &is_32, p);
	if (!found && p->state == PYTHON_NONE && !pypy)
		found = look_into_all(m, &files, true, &is_32, p);
	if (!found && p->state == PYTHON_NONE)
		p->state = pypy ? PYTHON_OTHER : is_32 ? PYTHON_32 : PYTHON_NONE;
	loaded_list_free(&files);
}

void python_want_lock(struct python *p)
{
	if (p->state == PYTHON_READ && p->free)
		p->state = PYTHON_FREE;
}

/*
 * With a setting of 1 or 2 only root may read what it has not started itself, with 3 nobody may.
 * Source: Documentation/admin-guide/LSM/Yama.rst.
 */
static void say_denied(char **why, pid_t pid)
{
	const char *remedy = rights_remedy("run as root, or as the user it runs as");
	FILE *f = fopen("/proc/sys/kernel/yama/ptrace_scope", "re");
	char setting[64] = "";
	int scope;

	if (f && fscanf(f, "%d", &scope) == 1) {
		snprintf(setting, sizeof(setting), " (kernel.yama.ptrace_scope is %d)", scope);
		if (scope > 0)
			remedy = scope < 3 ? rights_remedy("run as root")
					   : "this host lets no program do that";
	}
	if (f)
		fclose(f);
	fail(why, 0, "process %d: its memory may not be read%s: %s", pid, setting, remedy);
}

char *python_why(const struct python *p, pid_t pid)
{
	char *why = NULL;

	switch (p->state) {
	case PYTHON_UNKNOWN:
		if (p->version)
			fail(&why, 0, "process %d: the layout of CPython %u.%u.%u is not known",
			     pid, p->version >> 24, p->version >> 16 & 255, p->version >> 8 & 255);
		else
			fail(&why, 0, "process %d: the version of its CPython is not known", pid);
		break;
	case PYTHON_ALIEN:
		fail(&why, 0,
		     "process %d: its CPython %u.%u describes itself otherwise than this version "
		     "should",
		     pid, p->version >> 24, p->version >> 16 & 255);
		break;
	case PYTHON_FREE:
		fail(&why, 0,
		     p->free ? "process %d: of a free-threaded build of CPython only threads can "
			       "be read: take page 224 or 223"
			     : "process %d: a free-threaded build of CPython %u.%u cannot be read "
			       "yet",
		     pid, p->version >> 24, p->version >> 16 & 255);
		break;
	case PYTHON_OTHER:
		fail(&why, 0, "process %d runs PyPy, which is not CPython", pid);
		break;
	case PYTHON_32:
		fail(&why, 0, "process %d is a program of 32 bits: only those of 64 can be read",
		     pid);
		break;
	case PYTHON_DENIED:
		say_denied(&why, pid);
		break;
	case PYTHON_GONE:
		fail(&why, 0, "no process %d: it has ended", pid);
		break;
	default:
		fail(&why, 0, "process %d has no CPython in it", pid);
	}
	return why;
}

int python_interpreters(struct memory *m, const struct python *p,
			uint64_t list[PYTHON_INTERPRETERS])
{
	uint64_t at;
	int n = 0, err = memory_read(m, p->runtime + p->layout.r_head, &at, sizeof(at));

	while (!err && at && n < PYTHON_INTERPRETERS) {
		list[n++] = at;
		err = memory_read(m, at + p->layout.i_next, &at, sizeof(at));
	}
	return err ? err : n;
}

/* The lock of an interpreter; 0: it uses none. */
static int read_lock(struct memory *m, const struct python *p, uint64_t interpreter, uint64_t *lock)
{
	int32_t used = 1;

	*lock = p->runtime + p->layout.r_gil;
	if (p->layout.r_gil)
		return 0;
	if (memory_read(m, interpreter + p->layout.i_gil, lock, sizeof(*lock)) ||
	    (p->free && *lock && memory_read(m, *lock, &used, sizeof(used))))
		return -EFAULT;
	if (!used)
		*lock = 0;
	return 0;
}

static int read_thread(struct memory *m, const struct python *p, uint64_t at, uint64_t gil,
		       struct python_thread *t)
{
	uint64_t native = 0;

	*t = (struct python_thread){ .at = at, .gil = gil };
	if (memory_read(m, at + p->layout.t_ident, &t->ident, sizeof(t->ident)) ||
	    (p->layout.t_native &&
	     memory_read(m, at + p->layout.t_native, &native, sizeof(native))))
		return -EFAULT;
	t->native = native < INT32_MAX ? (pid_t)native : 0;
	return 0;
}

/* before: the thread states there were a moment ago. */
static int walk(struct memory *m, const struct python *p, const struct python_thread *before,
		int n_before, struct python_thread *list)
{
	uint64_t interpreters[PYTHON_INTERPRETERS], at, gil;
	static uint64_t likely[PYTHON_THREADS];
	int n_interpreters, n = 0;

	memory_forget(m);
	for (int i = 0; i < n_before; i++)
		likely[i] = before[i].at;
	memory_load(m, likely, n_before);
	n_interpreters = python_interpreters(m, p, interpreters);
	for (int i = 0; i < n_interpreters; i++) {
		if (read_lock(m, p, interpreters[i], &gil) ||
		    memory_read(m, interpreters[i] + p->layout.i_threads, &at, sizeof(at)))
			return -EFAULT;
		while (at && n < PYTHON_THREADS) {
			if (read_thread(m, p, at, gil, &list[n++]) ||
			    memory_read(m, at + p->layout.t_next, &at, sizeof(at)))
				return -EFAULT;
		}
	}
	return n_interpreters < 0 ? n_interpreters : n;
}

int python_threads(struct memory *m, const struct python *p, struct python_thread *list)
{
	struct python_thread *again = calloc(PYTHON_THREADS, sizeof(*again));
	int n = -EAGAIN, before = -1;

	if (!again)
		return -ENOMEM;
	for (int i = 0; i < TRIES; i++) {
		n = walk(m, p, i & 1 ? list : again, before, i & 1 ? again : list);
		if (n >= 0 && n == before && !memcmp(list, again, (size_t)n * sizeof(*list)))
			break;
		before = n;
		n = n < 0 ? n : -EAGAIN;
	}
	free(again);
	return n;
}

bool python_has_gil(struct memory *m, const struct python *p, const struct python_thread *t)
{
	uint64_t holder;
	int32_t locked;

	return t->gil && !memory_read(m, t->gil + p->layout.g_holder, &holder, sizeof(holder)) &&
	       !memory_read(m, t->gil + p->layout.g_locked, &locked, sizeof(locked)) &&
	       locked == 1 && holder == t->at;
}
