// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CPython's function markers encode the path of the source with each call, and ignore a
 * failure, which the program then meets as a SystemError. The kernel switches markers on
 * in all processes that have the file mapped, watched or not: so all are looked at. What
 * starts later, or imports from such a path later, is not seen. Import markers encode the
 * module's name, and any program may import any name: where they cannot be bypassed, the
 * user decides.
 */
#include "module/utf8_paths.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "cpython/binary.h"
#include "cpython/import_sites.h"
#include "cpython/interpreter.h"
#include "target/maps.h"

static bool lets_encode;

void guard_lets_encode(bool does)
{
	lets_encode = does;
}

/* Refuses import markers that cannot be bypassed. */
static int judge_imports(const struct plan *plan, char **msg)
{
	if (lets_encode || !origin_has_marker(plan->origin, "python", "import__find__load__start"))
		return 0;
	for (int i = 0; i < plan->n_files; i++) {
		if (bypass_lacks(&plan->files[i]->sdt))
			return fail(msg, ENOTSUP,
				    "%s: its code around the import markers is not known, so "
				    "CPython would encode each module's name, and raise a "
				    "SystemError where it has no UTF-8; --encode-names accepts "
				    "that",
				    plan->files[i]->path);
	}
	return 0;
}

/* Has the process this file mapped? Names may differ, the file is the same. */
static bool maps_file(pid_t pid, const struct stat *file)
{
	struct stat st;
	char link[64];

	snprintf(link, sizeof(link), "/proc/%d/exe", (int)pid);
	if (!stat(link, &st) && st.st_ino == file->st_ino && st.st_dev == file->st_dev)
		return true;
	return maps_has_inode(pid, file->st_ino);
}

static int judge(pid_t pid, bool *jit, char **msg)
{
	struct interpreter in;
	int err = 0;

	interpreter_judge(&in, pid);
	*jit |= in.jit == ANSWER_YES;
	if (in.bad_paths == ANSWER_YES) {
		err = fail(msg, EILSEQ,
			   "process %d has a path that is no UTF-8 (%s): CPython's function "
			   "markers would break it: rename it, or use page 223",
			   (int)pid, in.bad_path ? in.bad_path : "?");
	}
	interpreter_free(&in);
	return err;
}

int guard(const struct plan *plan, const struct target *t, bool *jit, char **msg)
{
	struct dirent *entry;
	char version[PYTHON_VERSION_MAX];
	struct stat file;
	int err = 0;
	DIR *proc;

	*jit = false;
	if (!interpreter_arms_functions(plan->origin))
		return judge_imports(plan, msg);
	python_version(plan->file->fd, version);
	/* A command that waits for its start is still a copy of ourselves. */
	if (t->pid)
		err = judge(t->pid, jit, msg);
	proc = opendir("/proc");
	if (!proc || fstat(plan->file->fd, &file)) {
		err = err ? err : fail(msg, errno, "/proc: %s", strerror(errno));
		goto out;
	}
	while (!err && (entry = readdir(proc))) {
		pid_t pid = atoi(entry->d_name);

		if (pid > 0 && pid != t->pid && pid != getpid() && maps_file(pid, &file))
			err = judge(pid, jit, msg);
	}
out:
	*jit &= *version && atoi(version + 2) >= 13; /* before there was none */
	if (proc)
		closedir(proc);
	return err;
}
