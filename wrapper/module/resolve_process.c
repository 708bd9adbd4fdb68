// SPDX-License-Identifier: GPL-2.0-or-later
#include "module/resolve_process.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "cpython/binary.h"
#include "cpython/process.h"

bool resolve_is_python(const struct target_file *f)
{
	struct python_place place;

	python_place_read(f->fd, &place);
	return place.version && place.runtime && place.type;
}

/* Whether the memory of the process has a CPython that can be read. */
static int check_memory(const struct page *page, pid_t pid, char **msg)
{
	struct python python;
	struct memory memory;
	char *why;
	int err;

	if (!memory_begin(&memory, pid))
		return -ENOMEM;
	python_find(&memory, &python);
	memory_end(&memory);
	if (strcmp(page->origin.module, PAGE_THREADS) && strcmp(page->origin.module, "stacks"))
		python_want_lock(&python);
	if (python.state == PYTHON_READ)
		return 0;
	why = python_why(&python, pid);
	err = fail(msg,
		   python.state == PYTHON_DENIED ? EPERM
		   : python.state == PYTHON_GONE ? ESRCH
						 : ENOTSUP,
		   "%s", why ? why : "?");
	free(why);
	return err;
}

/* Whether one of several has; if not, why the first has not. */
static int check_group(const struct page *page, const struct target_group *g, char **msg)
{
	int err = -ESRCH;
	char *why = NULL;

	for (size_t i = 0; i < g->n_pids && err; i++) {
		int ret = check_memory(page, g->pids[i], &why);

		err = !i || !ret ? ret : err;
	}
	if (err)
		fail(msg, -err, "%s", why ? why : strerror(-err));
	free(why);
	return err;
}

/*
 * Of a command that is yet to be run, or of all processes of a file: whether it looks like one.
 * Which libraries a program will load is not known.
 */
static int check_file(const struct page *page, const struct target_file *f, char **msg)
{
	const char *slash = strrchr(f->path, '/');
	struct python_place place;

	if (f->sdt.elf_machine != EM_X86_64 || f->sdt.elf_class != ELFCLASS64)
		return fail(msg, ENOTSUP,
			    "%s is not for x86-64: only such programs can be watched so far",
			    f->path);
	python_place_read(f->fd, &place);
	if (place.library)
		return fail(
			msg, ENOTSUP,
			"%s is a library, whose programs page %d cannot find: name a process (-p)",
			f->path, page->number);
	if (place.version || !strncmp(slash ? slash + 1 : f->path, "python", 6))
		return 0;
	return fail(msg, ENOENT, "%s has no CPython in it: start that, or name its process (-p)",
		    f->path);
}

/* What reads processes needs no marker, and finds itself what it can read there. */
int resolve_process(const struct page *page, enum collector by, const struct target *t,
		    struct plan *plan, char **msg)
{
	if (!t->n_files)
		return fail(msg, ENOTSUP, "page %d by %s is about a program: name it (-p PID)",
			    page->number, collector_name(by));
	if (by == COLLECT_MEMORY) {
		int err = t->kind == TARGET_PID     ? check_memory(page, t->pid, msg)
			  : t->kind == TARGET_GROUP ? check_group(page, &t->group, msg)
						    : check_file(page, &t->files[0], msg);

		if (err)
			return err;
	}
	*plan = (struct plan){ .page = page,
			       .collector = by,
			       .origin = &page->origin,
			       .module = page->origin.module,
			       .file = &t->files[0] };
	if (page->extension.module && page->incomplete & 1U << by && *t->unbuilt)
		plan->unbuilt = t->unbuilt;
	sdt_build_id_hex(&plan->file->sdt, plan->id);
	return 0;
}
