// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/target.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wordexp.h>

#include "base/fail.h"
#include "base/regular_file.h"
#include "base/signals.h"
#include "model/quote.h"
#include "target/maps.h"
#include "target/needed.h"
#include "target/pid_namespace.h"
#include "target/program.h"

/*
 * Takes over path and fd. A file without markers matters to nobody, unless it is wanted.
 * left: as for sdt_read_within.
 */
static int add_file(struct target *t, char *path, int fd, bool wanted_bare, atomic_long *left,
		    char **msg)
{
	struct target_file file = { .path = path, .fd = fd }, *more;
	char *why = NULL;
	int err = sdt_read_within(fd, path, left, &file.sdt, &why);

	if (err && msg)
		*msg = why;
	else
		free(why); /* broken notes among good ones: 'teletap probes' tells */
	if (err || (!file.sdt.n_markers && !file.sdt.n_left_out && !wanted_bare))
		goto out;
	more = reallocarray(t->files, t->n_files + 1, sizeof(*more));
	if (!more) {
		err = -ENOMEM;
		goto out_sdt;
	}
	t->files = more;
	t->files[t->n_files++] = file;
	return 0;

out_sdt:
	sdt_free(&file.sdt);
out:
	close(fd);
	free(path);
	return err;
}

/* Some pages need no markers, but a Python; its own program may be a small one. */
static bool is_libpython(const char *path)
{
	const char *slash = strrchr(path, '/');

	return !strncmp(slash ? slash + 1 : path, "libpython", 9);
}

static bool has_file(const struct target *t, int fd)
{
	struct stat st, other;

	for (size_t i = 0; i < t->n_files && !fstat(fd, &st); i++) {
		if (!fstat(t->files[i].fd, &other) && other.st_dev == st.st_dev &&
		    other.st_ino == st.st_ino)
			return true;
	}
	return false;
}

/* The program of a process, and every file it has mapped that carries markers or is CPython. */
static int open_files(struct target *t, pid_t pid, atomic_long *left, char **msg)
{
	struct maps maps;
	int err = maps_read(pid, &maps, msg);

	if (!err && !maps.n_files)
		err = fail(msg, ESRCH,
			   "process %d runs no program: it has ended, or is the kernel's: "
			   "'ps -e' shows the others",
			   pid);
	if (err)
		return err;
	for (size_t i = 0; i < maps.n_files; i++) {
		char *why = NULL, *path;
		int fd = maps_open(&maps, &maps.files[i], &why);
		bool known = fd >= 0 && has_file(t, fd);

		/* One unreadable library must not hide the interpreter. */
		path = fd < 0 || known ? NULL : strdup(maps.files[i].path);
		if (path)
			add_file(t, path, fd, i == 0 || is_libpython(path), left, &why);
		else if (known)
			close(fd);
		free(why);
	}
	maps_free(&maps);
	return 0;
}

static int check_proc(char **msg)
{
	if (!numbers_proc_foreign())
		return 0;
	return fail(msg, ESRCH,
		    "/proc shows another PID namespace than this one, so a process's number may be "
		    "that of either of two: 'mount -t proc proc /proc' first");
}

static int open_process(struct target *t, char **msg)
{
	atomic_long left = SDT_PROCESS_MAX;
	int err = check_proc(msg);

	if (err)
		return err;
	t->pidfd = pidfd_open(t->pid, 0);
	if (t->pidfd < 0 && errno == ESRCH)
		return fail(msg, ESRCH, "no process %d: 'ps -e' shows which there are", t->pid);
	if (t->pidfd < 0 && (errno == EINVAL || errno == ENOENT))
		return fail(msg, ESRCH, "%d is a thread, no process: 'ps -eL' shows whose", t->pid);
	if (t->pidfd < 0)
		return fail(msg, errno, "process %d: %s", t->pid, strerror(errno));
	fcntl(t->pidfd, F_SETFD, FD_CLOEXEC);
	err = open_files(t, t->pid, &left, msg);
	if (err) {
		close(t->pidfd);
		t->pidfd = -1;
	}
	return err;
}

/* The files of all of its processes; one that cannot be seen, or has just ended, hides no other. */
static int open_group(struct target *t, const struct opts *o, char **msg)
{
	atomic_long left = SDT_PROCESS_MAX;
	char *why = NULL;
	int err = check_proc(msg), first = 0;

	t->kind = TARGET_GROUP;
	if (!err)
		err = group_open(&t->group, o, msg);
	for (size_t i = 0; i < t->group.n_pids && !err; i++) {
		int ret = open_files(t, t->group.pids[i], &left, first ? NULL : &why);

		first = first ? first : ret;
	}
	if (!err && !t->n_files)
		err = fail(msg, -first, "%s: %s", t->group.name, why ? why : strerror(-first));
	free(why);
	if (err)
		group_close(&t->group);
	else
		t->pidfd = t->group.readable;
	return err;
}

static int open_file(struct target *t, const char *name, char **msg)
{
	char *path = realpath(name, NULL);
	int fd = path ? regular_open(path) : -errno, err = -fd;

	if (fd >= 0)
		return add_file(t, path, fd, true, NULL, msg);
	if (err == ENODEV)
		err = -fail(msg, err, "%s: " REGULAR_NONE, path);
	free(path);
	if (err == ENODEV)
		return -err;
	if (err == ENOENT || err == ENOTDIR)
		return fail(msg, err, "%s: no such file: check the name", name);
	return fail(msg, err, "%s: %s: check the path, or run as root", name, strerror(err));
}

/* A program can be a small one, which runs the CPython of a library. */
static void open_libpython(struct target *t)
{
	char *path = needed_find(t->files[0].fd, t->files[0].path, "libpython");
	int fd = path ? regular_open(path) : -1;

	if (fd >= 0)
		add_file(t, path, fd, true, NULL, NULL);
	else
		free(path);
}

/* Splits a command line as a shell would, without running anything. */
static int split(const char *command, char ***argv, char **msg)
{
	wordexp_t words;
	int err = wordexp(command, &words, WRDE_NOCMD | WRDE_SHOWERR);

	if (err == WRDE_NOSPACE)
		return -ENOMEM;
	if (err)
		return fail(msg, EINVAL,
			    "-c %s: not a simple command: quote its special "
			    "characters, or use \"sh -c '...'\" with -e FILE beside it",
			    command);
	if (!words.we_wordc) {
		wordfree(&words);
		return fail(msg, EINVAL, "-c: the command is empty");
	}
	*argv = words.we_wordv; /* stays allocated as long as the program runs */
	return 0;
}

int target_open(struct target *t, const struct opts *o, char **msg)
{
	char *program = NULL;
	int err;

	*t = (struct target){ .pidfd = -1, .gate = -1 };
	if (o->n_pids && (o->n_files || o->command))
		return fail(msg, EINVAL, "-p cannot be combined with -e or -c");
	if (o->group && (o->pid || o->n_pids || o->n_files || o->command))
		return fail(msg, EINVAL, "--%s cannot be combined with -p, -e, -c or --pid-file",
			    o->kind);
	if (o->n_files > 1)
		return fail(msg, EINVAL, "one -e is enough");
	if (!opts_name_program(o) && !o->command)
		return fail(msg, EINVAL,
			    "no target: give -p PID, -e FILE, -c 'COMMAND', --unit UNIT, --cgroup "
			    "PATH or --container ID");

	if (opts_name_group(o))
		return open_group(t, o, msg);
	if (o->pid) {
		t->kind = TARGET_PID;
		t->pid = o->pid;
		return open_process(t, msg);
	}
	if (!o->command) {
		t->kind = TARGET_FILE;
		return open_file(t, o->files[0], msg);
	}
	t->kind = TARGET_COMMAND;
	err = split(o->command, &t->argv, msg);
	if (err)
		return err;
	err = o->n_files ? program_find(t->argv[0], &program, msg)
			 : program_find_behind(t->argv, &program, msg);
	if (err)
		return err;
	err = open_file(t, o->n_files ? o->files[0] : program, msg);
	free(program);
	if (!err && !o->n_files)
		open_libpython(t);
	return err;
}

int target_offer(struct target *t, const char *file, const char *folder)
{
	struct target more = { .pidfd = -1, .gate = -1 };
	char *path = realpath(file, NULL);
	int fd = path ? regular_open(path) : -errno;
	int err = fd < 0 ? fd : add_file(&more, path, fd, false, NULL, NULL);

	if (fd < 0)
		free(path);
	t->startup = err || !more.n_files ? NULL : realpath(folder, NULL);
	if (!t->startup) {
		target_close(&more);
		return err ? err : -ENOENT;
	}
	t->offered = more.files;
	return 0;
}

/* In the command's process, before it is executed: a variable begins with text. */
static void put_before(const char *variable, const char *text, const char *between)
{
	const char *before = getenv(variable);
	bool none = !before || !*before;
	char *all;

	if (asprintf(&all, "%s%s%s", text, none ? "" : between, none ? "" : before) >= 0)
		setenv(variable, all, 1);
}

/* A teletap.pth that the program has does not know the word, and leaves it to python/start. */
static void set_environment(const struct target *t)
{
	put_before("PYTHONPATH", t->startup, ":");
	put_before("TELETAP_PYTHON", t->spans ? "given,spans" : "given", ",");
}

void target_host(struct target *t)
{
	*t = (struct target){ .kind = TARGET_HOST, .pidfd = -1, .gate = -1 };
}

int target_start(struct target *t, char **msg)
{
	int gate[2];
	char byte;

	if (t->kind != TARGET_COMMAND)
		return 0;
	if (pipe2(gate, O_CLOEXEC))
		return fail(msg, errno, "pipe: %s", strerror(errno));
	t->pid = fork();
	if (t->pid < 0)
		return fail(msg, errno, "fork: %s", strerror(errno));
	if (t->pid == 0) {
		close(gate[1]);
		if (read(gate[0], &byte, 1) != 1)
			_exit(0);
		signals_reset();
		if (t->gives)
			set_environment(t);
		execvp(t->argv[0], t->argv);
		dprintf(STDERR_FILENO, "teletap: %s: %s\n", t->argv[0], strerror(errno));
		_exit(127);
	}
	close(gate[0]);
	t->gate = gate[1];
	t->pidfd = pidfd_open(t->pid, 0);
	if (t->pidfd < 0)
		return fail(msg, errno, "pidfd_open: %s", strerror(errno));
	fcntl(t->pidfd, F_SETFD, FD_CLOEXEC);
	return 0;
}

void target_release(struct target *t)
{
	if (t->gate < 0)
		return;
	while (write(t->gate, "", 1) < 0 && errno == EINTR)
		; /* any other failure: the child is gone, and its pidfd says so */
	close(t->gate);
	t->gate = -1;
}

static void close_files(struct target_file *files, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		sdt_free(&files[i].sdt);
		close(files[i].fd);
		free(files[i].path);
		free(files[i].layout);
	}
	free(files);
}

int target_ended(const struct target *t)
{
	siginfo_t info = { 0 };

	if (t->kind != TARGET_COMMAND || t->pidfd < 0 ||
	    waitid(P_PIDFD, (id_t)t->pidfd, &info, WEXITED | WNOHANG | WNOWAIT) || !info.si_pid)
		return 0;
	return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

bool target_gone(struct target *t)
{
	struct pollfd fd = { .fd = t->pidfd, .events = POLLIN };

	if (t->kind == TARGET_GROUP)
		return group_gone(&t->group);
	return t->pidfd >= 0 && poll(&fd, 1, 0) > 0;
}

void target_members(const struct target *t, int fd, struct members *who)
{
	struct stat st;

	*who = (struct members){ 0 };
	if (t->kind == TARGET_GROUP) {
		*who = t->group.who;
	} else if (t->pid) {
		who->roots[who->n_roots++].pid = t->pid;
		who->command = t->kind == TARGET_COMMAND;
	} else if (fd >= 0 && !fstat(fd, &st)) {
		who->dev = st.st_dev;
		who->ino = st.st_ino;
	}
}

void target_close(struct target *t)
{
	if (t->gate >= 0)
		close(t->gate);
	if (t->kind == TARGET_GROUP)
		group_close(&t->group);
	else if (t->pidfd >= 0)
		close(t->pidfd);
	close_files(t->files, t->n_files);
	close_files(t->offered, t->offered != NULL);
	free(t->startup);
}
