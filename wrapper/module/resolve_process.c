// SPDX-License-Identifier: GPL-2.0-or-later
#include "module/resolve_process.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "cpython/asyncio.h"
#include "cpython/binary.h"
#include "cpython/process.h"

bool resolve_is_python(const struct target_file *f)
{
	struct python_place place;

	python_place_read(f->fd, &place);
	return place.version && place.runtime && place.type;
}

/* Of asyncio older versions do not say where they keep their tasks. */
static int check_version(const struct page *page, const struct python *p, pid_t pid, char **msg)
{
	if (strcmp(page->origin.module, PAGE_TASKS) != 0 || p->layout.minor >= ASYNCIO_MINOR)
		return 0;
	return fail(
		msg, ENOTSUP,
		"process %d runs CPython %u.%u.%u, and page %d needs 3.14 or later: page 224 shows "
		"its threads",
		(int)pid, p->version >> 24, p->version >> 16 & 255, p->version >> 8 & 255,
		page->number);
}

/* Whether the memory of the process has a CPython that can be read. */
static int check_memory(const struct page *page, const struct target *t, char **msg)
{
	struct python python;
	struct memory memory;
	char *why;
	int err;

	if (!memory_begin(&memory, t->pid))
		return -ENOMEM;
	python_find(&memory, &python);
	memory_end(&memory);
	if (python.state == PYTHON_READ)
		return check_version(page, &python, t->pid, msg);
	why = python_why(&python, t->pid);
	err = fail(msg,
		   python.state == PYTHON_DENIED ? EPERM
		   : python.state == PYTHON_GONE ? ESRCH
						 : ENOTSUP,
		   "%s", why ? why : "?");
	free(why);
	return err;
}

/* Of a command that is yet to be run: whether it looks like one. */
static int check_command(const struct target *t, char **msg)
{
	const char *path = t->files[0].path, *slash = strrchr(path, '/');

	if (!strncmp(slash ? slash + 1 : path, "python", 6) || resolve_is_python(&t->files[0]))
		return 0;
	return fail(msg, ENOENT, "%s has no CPython in it: start that, or name its process (-p)",
		    path);
}

/* What reads processes needs no marker, and finds itself what it can read there. */
int resolve_process(const struct page *page, enum collector by, const struct target *t,
		    struct plan *plan, char **msg)
{
	if ((t->kind == TARGET_FILE && by != COLLECT_PROC) || !t->n_files)
		return fail(msg, ENOTSUP,
			    "page %d by %s is about one process: name it (-p PID, -c COMMAND)",
			    page->number, collector_name(by));
	if (by == COLLECT_MEMORY) {
		int err =
			t->kind == TARGET_PID ? check_memory(page, t, msg) : check_command(t, msg);

		if (err)
			return err;
	}
	*plan = (struct plan){ .page = page,
			       .collector = by,
			       .origin = &page->origin,
			       .module = page->origin.module,
			       .file = &t->files[0] };
	sdt_build_id_hex(&plan->file->sdt, plan->id);
	return 0;
}
