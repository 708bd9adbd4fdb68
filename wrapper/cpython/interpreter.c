// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Facts from outside, each with its source:
 *
 * version, free threads   from the file (binary.c)
 * JIT                     PYTHON_JIT in the environment the process began with; read by
 *                         CPython once, at its start (3.13 on)
 * sub-interpreters        from the process's memory (process.c)
 * paths that are no UTF-8 arguments, folder, PYTHONPATH, mapped files; the paths of the
 *                         sources it has imported lie in its heap and are not seen
 *
 * Function markers encode the source's path each time and ignore a failure, which the
 * program then meets as a SystemError (CPython 3.9 to 3.15, seen): hence that check.
 */
#include "cpython/interpreter.h"

#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/rights.h"
#include "cpython/process.h"
#include "target/maps.h"

#define TEXT_MAX (1 << 20)

static bool has_python_markers(const struct sdt_file *sdt)
{
	for (size_t i = 0; i < sdt->n_markers; i++) {
		if (!strcmp(sdt->markers[i].provider, "python"))
			return true;
	}
	return false;
}

/* Takes the file if it is a CPython. */
static bool take_file(struct interpreter *in, const char *path, int fd, const struct sdt_file *sdt)
{
	uint64_t words[PYTHON_WORDS];

	python_version(fd, in->version);
	if (!*in->version)
		return false;
	in->path = strdup(path);
	in->markers = has_python_markers(sdt);
	sdt_build_id_hex(sdt, in->id);
	if (python_free_threaded(fd))
		in->free_threaded = ANSWER_YES;
	else if (python_words_read(fd, words) || atoi(in->version + 2) < 13) /* none before 3.13 */
		in->free_threaded = ANSWER_NO;
	return true;
}

/* A libpython without markers is no file of the target: look at all that is mapped. */
static void take_mapped(struct interpreter *in, const struct maps *maps)
{
	for (size_t i = 0; i < maps->n_files && !in->path; i++) {
		const char *path = maps->files[i].path;
		int fd = maps_open(maps, &maps->files[i], NULL);
		struct sdt_file sdt;

		if (fd >= 0 && !sdt_read(fd, path, &sdt, NULL)) {
			take_file(in, path, fd, &sdt);
			sdt_free(&sdt);
		}
		if (fd < 0)
			continue;
		close(fd);
	}
}

/* The whole of /proc/PID/NAME, terminated twice; NULL when it cannot be read. */
static char *proc_text(pid_t pid, const char *name, size_t *size)
{
	char path[64], *text = calloc(1, TEXT_MAX + 2);
	size_t len = 0;
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && text && len < TEXT_MAX && (n = read(fd, text + len, TEXT_MAX - len)) > 0)
		len += (size_t)n;
	if (fd >= 0)
		close(fd);
	*size = len;
	if (n >= 0 || len)
		return text;
	free(text);
	return NULL;
}

/* Notes the first string that is no UTF-8 (jansson takes no other). */
static void judge_path(struct interpreter *in, const char *where, const char *s)
{
	json_t *good = json_string(s);

	if (!good && !in->bad_path && asprintf(&in->bad_path, "%s: %s", where, s) < 0)
		in->bad_path = NULL;
	json_decref(good);
}

/* Arguments, environment, folder and mapped files. */
static void judge_paths(struct interpreter *in, pid_t pid, const struct maps *maps)
{
	char link[64], folder[PATH_MAX + 1];
	size_t size;
	ssize_t n;
	char *text = proc_text(pid, "cmdline", &size);

	for (char *s = text; s && s < text + size; s += strlen(s) + 1)
		judge_path(in, "argument", s);
	in->bad_paths = text ? ANSWER_NO : ANSWER_UNKNOWN;
	free(text);
	snprintf(link, sizeof(link), "/proc/%d/cwd", (int)pid);
	n = readlink(link, folder, sizeof(folder) - 1);
	folder[n > 0 ? n : 0] = '\0';
	judge_path(in, "folder", folder);
	for (size_t i = 0; i < maps->n_files; i++)
		judge_path(in, "mapped file", maps->files[i].path);
	text = proc_text(pid, "environ", &size);
	if (!text || n < 0)
		in->bad_paths = ANSWER_UNKNOWN;
	in->jit = text ? ANSWER_NO : ANSWER_UNKNOWN;
	for (char *s = text; s && s < text + size; s += strlen(s) + 1) {
		if (!strncmp(s, "PYTHONPATH=", 11) || !strncmp(s, "PYTHONHOME=", 11))
			judge_path(in, "environment", s);
		/* Any other value than 0 switches it on (pylifecycle.c). */
		if (!strncmp(s, "PYTHON_JIT=", 11) && s[11] && s[11] != '0')
			in->jit = ANSWER_YES;
	}
	free(text);
	if (in->path && atoi(in->version + 2) < 13) /* there was none before 3.13 */
		in->jit = ANSWER_NO;
	if (in->bad_path)
		in->bad_paths = ANSWER_YES;
}

void interpreter_judge(struct interpreter *in, pid_t pid)
{
	struct maps maps = { 0 };

	*in = (struct interpreter){ 0 };
	if (!maps_read(pid, &maps, NULL))
		pid = maps.task;
	judge_paths(in, pid, &maps);
	maps_free(&maps);
}

/* 0: not known. */
static int count_interpreters(pid_t pid)
{
	uint64_t list[PYTHON_INTERPRETERS];
	struct memory m;
	struct python p;
	int n = 0;

	if (!memory_begin(&m, pid))
		return 0;
	python_find(&m, &p);
	if (p.state == PYTHON_READ)
		n = python_interpreters(&m, &p, list);
	memory_end(&m);
	return n > 0 && n < PYTHON_INTERPRETERS ? n : 0;
}

static void read_process(struct interpreter *in, pid_t pid, const struct maps *maps)
{
	char link[64], root[PATH_MAX];
	struct stat ours, theirs;
	ssize_t n;

	judge_paths(in, pid, maps);
	snprintf(link, sizeof(link), "/proc/%d/ns/mnt", (int)pid);
	if (!stat("/proc/self/ns/mnt", &ours) && !stat(link, &theirs))
		in->foreign = ours.st_ino == theirs.st_ino ? ANSWER_NO : ANSWER_YES;
	snprintf(link, sizeof(link), "/proc/%d/root", (int)pid);
	n = readlink(link, root, sizeof(root));
	if (n > 1)
		in->foreign = ANSWER_YES;
	for (size_t i = 0; i < maps->n_files && in->path; i++) {
		const struct mapping *m = &maps->files[i];
		size_t len = strlen(m->path), tail = strlen(" (deleted)");

		if (strcmp(m->path, in->path))
			continue;
		in->deleted = len > tail && !strcmp(m->path + len - tail, " (deleted)");
		if (in->deleted) /* said once */
			in->path[len - tail] = '\0';
		break;
	}
	if (in->path)
		in->interpreters = count_interpreters(pid);
}

void interpreter_read(struct interpreter *in, const struct target *t)
{
	struct maps maps = { 0 };

	*in = (struct interpreter){ 0 };
	if (t->pid)
		maps_read(t->pid, &maps, NULL);
	for (int markers = 1; markers >= 0; markers--) {
		for (size_t i = 0; i < t->n_files && !in->path; i++) {
			const struct target_file *f = &t->files[i];

			if (has_python_markers(&f->sdt) == (markers == 1))
				take_file(in, f->path, f->fd, &f->sdt);
		}
	}
	if (!in->path)
		take_mapped(in, &maps);
	if (t->pid)
		read_process(in, maps.task ? maps.task : t->pid, &maps);
	maps_free(&maps);
}

void interpreter_free(struct interpreter *in)
{
	free(in->path);
	free(in->bad_path);
}

bool interpreter_arms_functions(const struct origin *origin)
{
	if (!origin->provider || strcmp(origin->provider, "python"))
		return false;
	for (int i = 0; i < PAGE_MARKERS && origin->markers[i]; i++) {
		if (!strncmp(origin->markers[i], "function__", 10) ||
		    !strcmp(origin->markers[i], "line"))
			return true;
	}
	return false;
}

static void check_file(const struct interpreter *in, const struct target *t, struct checks *c)
{
	const char *gone =
		in->deleted ? ", deleted or replaced since it began (that does no harm)" : "";

	size_t markers = 0;

	for (size_t i = 0; i < t->n_files; i++)
		markers += t->files[i].sdt.n_markers;
	if (!in->path)
		check_add(c, "python", VERDICT_WARN,
			  "'teletap probes' shows the markers of a target",
			  "no CPython was found in %s, which has %zu markers%s",
			  t->n_files ? t->files[0].path : "it", markers,
			  markers ? " of other kinds" : "");
	else if (!in->markers)
		check_add(c, "python", VERDICT_WARN,
			  "look at pages 210, 223, 224 and 232 to 236, which need none, or run it "
			  "with a "
			  "Python built --with-dtrace, such as Debian's or Fedora's",
			  "CPython %s in %s%s carries no markers", in->version, in->path, gone);
	else if (!*in->id)
		check_add(c, "python", VERDICT_WARN, "link it with -Wl,--build-id",
			  "CPython %s in %s%s "
			  "has markers, but no build-id, which ties a module to its binary",
			  in->version, in->path, gone);
	else
		check_add(c, "python", VERDICT_OK, NULL,
			  "CPython %s with markers, in %s, build-id %s%s", in->version, in->path,
			  in->id, gone);
}

static void check_machine(const struct target *t, struct checks *c)
{
	for (size_t i = 0; i < t->n_files; i++) {
		if (t->files[i].sdt.elf_machine == EM_X86_64)
			continue;
		check_add(c, "machine", VERDICT_WARN, NULL,
			  "%s is not for x86-64: only such programs can "
			  "be watched so far",
			  t->files[i].path);
	}
}

static void check_interpreter(const struct interpreter *in, const struct target *t,
			      struct checks *c)
{
	if (in->free_threaded == ANSWER_YES)
		check_add(c, "free-threaded", VERDICT_WARN, NULL,
			  "a free-threaded build: its collector "
			  "has no generations (all is generation 0), and part of a pause lies "
			  "before gc__start");
	else if (in->free_threaded == ANSWER_NO)
		check_add(c, "free-threaded", VERDICT_OK, NULL, "no free-threaded build");
	else
		check_add(c, "free-threaded", VERDICT_WARN,
			  "ask it: sysconfig.get_config_var('Py_GIL_DISABLED')",
			  "whether it is a free-threaded build cannot be seen");
	if (!t->pid)
		return;
	if (in->interpreters == 1)
		check_add(c, "sub-interpreters", VERDICT_OK, NULL,
			  "one interpreter, no sub-interpreters now");
	else if (in->interpreters)
		check_add(c, "sub-interpreters", VERDICT_WARN, NULL,
			  "%d interpreters in the process: "
			  "pages add up what they do",
			  in->interpreters);
	else
		check_add(c, "sub-interpreters", VERDICT_WARN,
			  rights_remedy("run as root, or as the user it runs as"),
			  "whether there are sub-interpreters is unknown: pages add up what they "
			  "do");
	if (in->jit == ANSWER_YES)
		check_add(c, "jit", VERDICT_WARN,
			  "for function markers, start it without PYTHON_JIT",
			  "PYTHON_JIT is set: where this build has the JIT, function markers stop "
			  "when "
			  "code "
			  "gets hot; others are not touched by it");
	else if (in->jit == ANSWER_NO)
		check_add(c, "jit", VERDICT_OK, NULL, "its JIT was not asked for (PYTHON_JIT)");
	else
		check_add(c, "jit", VERDICT_WARN, rights_remedy("run as root"),
			  "its environment cannot be read: whether "
			  "the JIT is on is unknown");
}

void interpreter_check(const struct interpreter *in, const struct target *t, struct checks *c)
{
	check_file(in, t, c);
	check_machine(t, c);
	if (in->path)
		check_interpreter(in, t, c);
	if (!t->pid)
		return;
	if (in->path && in->bad_paths == ANSWER_YES)
		check_add(c, "utf8-paths", VERDICT_WARN,
			  "rename it before function markers are switched on",
			  "a path is no UTF-8 (%s): function markers would break the program; "
			  "others do "
			  "not",
			  in->bad_path);
	else if (in->path && in->bad_paths == ANSWER_NO)
		check_add(c, "utf8-paths", VERDICT_OK, NULL,
			  "arguments, folder, PYTHONPATH and mapped files "
			  "are UTF-8; the paths of imported sources cannot be seen");
	else if (in->path)
		check_add(c, "utf8-paths", VERDICT_WARN, rights_remedy("run as root"),
			  "its arguments, folder or "
			  "environment cannot be read: whether its paths are UTF-8 is unknown");
	if (in->foreign == ANSWER_YES)
		check_add(c, "namespace", VERDICT_OK, NULL,
			  "in another mount namespace or root folder (a "
			  "container, a chroot): its files are reached through /proc");
	else if (in->foreign == ANSWER_UNKNOWN)
		check_add(c, "namespace", VERDICT_WARN, rights_remedy("run as root"),
			  "whether it is in a container cannot "
			  "be seen");
}
