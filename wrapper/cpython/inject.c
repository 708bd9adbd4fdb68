// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From 3.14 on, CPython offers to run a script on a debugger's behalf: who may write
 * its memory puts the script's path into the main thread's state, sets a flag beside
 * it and a bit in that thread's "eval breaker", and the thread runs the script where it
 * would look for signals. Where these things lie, _Py_DebugOffsets says, at the start
 * of _PyRuntime; only layouts that are known are believed. Source: PEP 768,
 * Include/internal/pycore_debug_offsets.h and Python/remote_debug.h of 3.14 and 3.15.
 *
 * PYTHON_DISABLE_REMOTE_DEBUG, -X disable-remote-debug and a build without it clear a
 * flag in the interpreter's configuration; then nothing is written. Nor is it in a
 * process of another user: root could, but what runs there is not root's to choose.
 */
#include "cpython/inject.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fail.h"
#include "base/paths.h"
#include "cpython/process.h"
#include "target/maps.h"

#define PLEASE_STOP (1u << 5)
#define INTERPRETERS_MAX 4096
#define OFFSETS_MAX 111

#define SCRIPT "/run/teletap-inject-XXXXXX.py"
#define WAIT_MS 5000
#define STEP_MS 20

/* Numbers of fields of _Py_DebugOffsets, eight bytes each; the same up to there. */
enum { COOKIE, VERSION, FREE_THREADED, INTERPRETERS = 5, ID = 7, NEXT, THREADS, MAIN };

/* The last six of them, counted from the end. */
enum { EVAL_BREAKER = 6, SUPPORT = 5, ENABLED = 4, PENDING = 3, PATH = 2, PATH_SIZE = 1 };

static const struct {
	uint64_t version; /* the upper half of PY_VERSION_HEX */
	int fields;       /* of _Py_DebugOffsets */
} known[] = { { 0x030e, 95 }, { 0x030f, 111 } };

struct process {
	pid_t pid;
	uid_t uid;
	gid_t gid;
	int mem;
	uint64_t runtime;
	uint64_t offsets[OFFSETS_MAX];
	const uint64_t *end; /* behind them */
	uint64_t interpreter, thread;
};

static bool get(const struct process *p, uint64_t addr, void *out, size_t size)
{
	return pread(p->mem, out, size, (off_t)addr) == (ssize_t)size;
}

static bool put(const struct process *p, uint64_t addr, const void *in, size_t size)
{
	return pwrite(p->mem, in, size, (off_t)addr) == (ssize_t)size;
}

/* The user who started us, through sudo or not. */
static bool is_ours(uid_t uid)
{
	const char *sudo = getenv("SUDO_UID");
	char *end;

	return uid == getuid() || (sudo && *sudo && (uid_t)strtoul(sudo, &end, 10) == uid && !*end);
}

static int check_owner(struct process *p, char **msg)
{
	unsigned uids[4] = { 0 };
	char path[64], line[256];
	int found = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)p->pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		found += sscanf(line, "Uid: %u %u %u %u", uids, uids + 1, uids + 2, uids + 3) == 4;
		found += sscanf(line, "Gid: %*u %u", &p->gid) == 1;
	}
	if (f)
		fclose(f);
	if (found < 2)
		return fail(msg, ESRCH, "process %d has ended", (int)p->pid);
	p->uid = uids[1];
	for (int i = 0; i < 4; i++) {
		if (!is_ours(uids[i]))
			return fail(msg, EPERM,
				    "--inject: process %d belongs to another user (%u): let that "
				    "user import teletap in the program",
				    (int)p->pid, uids[i]);
	}
	return 0;
}

/* A container has files of its own; ours are not there. */
static int check_namespace(pid_t pid, char **msg)
{
	struct stat ours, theirs;
	char path[64], root[8];
	bool foreign;

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)pid);
	foreign = stat("/proc/self/ns/mnt", &ours) || stat(path, &theirs) ||
		  ours.st_ino != theirs.st_ino;
	snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
	if (foreign || readlink(path, root, sizeof(root)) != 1)
		return fail(msg, EXDEV,
			    "--inject: process %d sees other files than we (a container): install "
			    "the extension there and import teletap in the program",
			    (int)pid);
	return 0;
}

/* Finds _PyRuntime in the process. */
static int find_runtime(struct process *p, char **msg)
{
	struct memory m;
	struct python python;

	if (!memory_begin(&m, p->pid))
		return fail(msg, ENOMEM, "--inject: out of memory");
	python_find(&m, &python);
	memory_end(&m);
	p->runtime = python.version >> 16 >= 0x30d ? python.runtime : 0;
	if (!p->runtime)
		return fail(
			msg, ENOTSUP,
			"--inject: process %d runs no CPython of 3.14 or later: let the program "
			"import teletap",
			(int)p->pid);
	return 0;
}

static int read_offsets(struct process *p, char **msg)
{
	uint64_t hex;
	int n = 0;

	if (!get(p, p->runtime, p->offsets, 3 * sizeof(uint64_t)) ||
	    memcmp(&p->offsets[COOKIE], PYTHON_COOKIE, 8))
		return fail(msg, ENOTSUP,
			    "--inject: CPython in process %d is not yet, or no more, up",
			    (int)p->pid);
	hex = p->offsets[VERSION];
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		/* The layout is settled from the first release candidate on. */
		if (hex >> 16 == known[i].version && (hex >> 4 & 15) >= 12)
			n = known[i].fields;
	}
	if (!n || p->offsets[FREE_THREADED])
		return fail(msg, ENOTSUP,
			    "--inject: it is not known how to, for CPython %u.%u.%u%s: let the "
			    "program import teletap",
			    (unsigned)(hex >> 24 & 255), (unsigned)(hex >> 16 & 255),
			    (unsigned)(hex >> 8 & 255),
			    p->offsets[FREE_THREADED] ? ", free-threaded" : "");
	p->end = p->offsets + n;
	if (!get(p, p->runtime, p->offsets, (size_t)n * sizeof(uint64_t)))
		return fail(msg, EIO, "--inject: the memory of process %d: %s", (int)p->pid,
			    strerror(errno));
	return 0;
}

/* The main interpreter and its main thread; that it may be asked, and is not asked now. */
static int find_thread(struct process *p, char **msg)
{
	uint64_t id = 1;
	int32_t enabled = 0, pending = 0;
	bool good = get(p, p->runtime + p->offsets[INTERPRETERS], &p->interpreter, 8);

	for (int i = 0; good && p->interpreter && i < INTERPRETERS_MAX; i++) {
		good = get(p, p->interpreter + p->offsets[ID], &id, 8);
		if (!good || id == 0)
			break;
		good = get(p, p->interpreter + p->offsets[NEXT], &p->interpreter, 8);
	}
	if (!good || !p->interpreter || id ||
	    !get(p, p->interpreter + p->end[-ENABLED], &enabled, sizeof(enabled)))
		return fail(msg, EIO, "--inject: CPython in process %d is not as expected",
			    (int)p->pid);
	if (!enabled)
		return fail(msg, EACCES,
			    "--inject: process %d forbids it (PYTHON_DISABLE_REMOTE_DEBUG, "
			    "-X disable-remote-debug, or a build without): let the program import "
			    "teletap",
			    (int)p->pid);
	if (!get(p, p->interpreter + p->offsets[MAIN], &p->thread, 8) || !p->thread ||
	    p->end[-PATH_SIZE] < 64 ||
	    !get(p, p->thread + p->end[-SUPPORT] + p->end[-PENDING], &pending, sizeof(pending)))
		return fail(msg, EIO, "--inject: process %d has no main thread that could be asked",
			    (int)p->pid);
	if (pending)
		return fail(msg, EBUSY, "--inject: another debugger is at process %d: try again",
			    (int)p->pid);
	return 0;
}

/* Whether the process's user can read it. */
static bool readable(const struct process *p, const char *path)
{
	pid_t child = fork();
	int status = -1;

	if (child == 0)
		_exit(setgroups(0, NULL) || setresgid(p->gid, p->gid, p->gid) ||
		      setresuid(p->uid, p->uid, p->uid) || access(path, R_OK));
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

/* Where the extension lies. */
static int find_extension(const struct process *p, char share[PATH_MAX], char **msg)
{
	char folder[PATH_MAX + 8], file[PATH_MAX + 32];

	if (paths_share(folder, PATH_MAX))
		return fail(msg, ENOENT, "--inject: teletap is not installed as a whole");
	strcat(folder, "/python");
	if (access(folder, R_OK) || !realpath(folder, share) || strpbrk(share, "'\\\n"))
		return fail(msg, ENOENT,
			    "--inject: there is no extension in %s: 'make python' builds it",
			    folder);
	snprintf(file, sizeof(file), "%s/teletap/__init__.py", share);
	if (!readable(p, file))
		return fail(msg, EACCES,
			    "--inject: %s: the user of process %d (%u) cannot read it: install "
			    "teletap where that user can",
			    file, (int)p->pid, p->uid);
	return 0;
}

/*
 * The script that the process is to run, for that process's user alone, in a folder that all
 * can search and root alone can write: what it cannot open, or raises, it would print.
 */
static int write_script(const struct process *p, char *path, char **msg)
{
	char share[PATH_MAX];
	int err = find_extension(p, share, msg), fd;

	if (err)
		return err;
	strcpy(path, SCRIPT);
	fd = mkostemps(path, 3, O_CLOEXEC);
	if (fd < 0) {
		*path = '\0';
		return fail(msg, errno, SCRIPT ": %s", strerror(errno));
	}
	err = dprintf(fd,
		      "import sys\n"
		      "sys.path.insert(0, '%s')\n"
		      "try:\n"
		      "    import teletap\n"
		      "except Exception:\n"
		      "    pass\n"
		      "finally:\n"
		      "    sys.path.remove('%s')\n",
		      share, share) < 0 ||
			      fchown(fd, p->uid, p->gid) || fchmod(fd, 0400)
		      ? -errno
		      : 0;
	close(fd);
	if (err)
		return fail(msg, -err, "%s: %s", path, strerror(-err));
	if (!readable(p, path))
		return fail(
			msg, EACCES,
			"--inject: %s: the user of process %d (%u) cannot read it: give /run the "
			"mode 755",
			path, (int)p->pid, p->uid);
	return 0;
}

static bool has_extension(pid_t pid)
{
	struct maps maps;
	bool found = false;

	if (maps_read(pid, &maps, NULL))
		return false;
	for (size_t i = 0; i < maps.n_files; i++)
		found |= strstr(maps.files[i].path, "/teletap/_native.") != NULL;
	maps_free(&maps);
	return found;
}

static int ask(const struct process *p, const char *path, char **msg)
{
	uint64_t support = p->thread + p->end[-SUPPORT], breaker;
	int32_t pending = 1;
	bool good = strlen(path) < p->end[-PATH_SIZE] &&
		    put(p, support + p->end[-PATH], path, strlen(path) + 1) &&
		    put(p, support + p->end[-PENDING], &pending, sizeof(pending)) &&
		    get(p, p->thread + p->end[-EVAL_BREAKER], &breaker, sizeof(breaker));

	breaker |= PLEASE_STOP;
	if (!good || !put(p, p->thread + p->end[-EVAL_BREAKER], &breaker, sizeof(breaker)))
		return fail(msg, EIO, "--inject: the memory of process %d: %s", (int)p->pid,
			    strerror(errno));
	for (int ms = 0; ms < WAIT_MS; ms += STEP_MS) {
		clock_sleep_ms(STEP_MS);
		if (has_extension(p->pid))
			return 0;
	}
	if (get(p, support + p->end[-PENDING], &pending, sizeof(pending)) && !pending)
		return fail(msg, ENOEXEC,
			    "--inject: process %d could not import the extension: import teletap "
			    "in it to see why",
			    (int)p->pid);
	pending = 0;
	put(p, support + p->end[-PENDING], &pending, sizeof(pending));
	/* It may have seen the flag in this instant, and is about to open the script. */
	clock_sleep_ms(STEP_MS);
	return fail(msg, ETIME,
		    "--inject: the main thread of process %d ran no Python code for %d s (it waits "
		    "in a call): try again when it does",
		    (int)p->pid, WAIT_MS / 1000);
}

static int inject_process(pid_t pid, char **msg)
{
	struct process p = { .pid = pid, .mem = -1 };
	char path[sizeof(SCRIPT)] = "", mem[64];
	int err;

	err = check_owner(&p, msg);
	if (!err)
		err = check_namespace(p.pid, msg);
	if (!err)
		err = find_runtime(&p, msg);
	if (err)
		return err;
	snprintf(mem, sizeof(mem), "/proc/%d/mem", (int)p.pid);
	p.mem = open(mem, O_RDWR | O_CLOEXEC);
	if (p.mem < 0)
		return fail(msg, errno, "--inject: %s: %s", mem, strerror(errno));
	err = read_offsets(&p, msg);
	if (!err)
		err = find_thread(&p, msg);
	if (!err)
		err = write_script(&p, path, msg);
	if (!err)
		err = ask(&p, path, msg);
	if (*path)
		unlink(path);
	close(p.mem);
	return err;
}

int inject(struct target *t, const struct opts *o, char **msg)
{
	int err;

	if (t->kind != TARGET_PID)
		return fail(msg, EINVAL, "--inject: needs -p PID");
	if (geteuid())
		return -EPERM;
	if (has_extension(t->pid))
		return 0;
	err = inject_process(t->pid, msg);
	if (err)
		return err;
	target_close(t);
	return target_open(t, o, msg);
}
