// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * staprun loads the module and becomes stapio, which carries its lines. With -R it
 * writes its process number over the end of the module's name (teletap_gc_0000000
 * becomes teletap_gc_00_4242), so that several run side by side. A signature does not
 * survive that: a signed module keeps its name, and runs once at a time.
 *
 * Ways out, and who cleans up (each seen in the lab):
 *   SIGTERM to stapio    it prints the last snapshot and unloads: the normal way
 *   teletap dies         the kernel sends stapio SIGTERM (PR_SET_PDEATHSIG). That ends
 *                        staprun too, wherever it is, and its module may stay
 *   stapio dies          the module stays; we remove it with staprun -d
 *   both at once         the module stays
 * So a third process, the reaper, waits for our end, ends staprun, and removes what is
 * left. staprun does not begin before the reaper has begun. When all three are killed at once, the
 * module is idle, as the semaphores fell with teletap (semaphore.c), and the next
 * teletap sweeps it away.
 * stapio is in a process group of its own: Ctrl-C is for teletap alone.
 */
#include "collect/stap_run.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fail.h"
#include "base/log.h"
#include "base/paths.h"
#include "base/signals.h"
#include "collect/stap_reaper.h"
#include "module/leftover.h"
#include "module/sign.h"
#include "target/pid_namespace.h"

/*
 * MB of output per processor, in the kernel; staprun's default is 16. A snapshot is printed
 * by one handler, so it must fit: one that is split, by process or thread, has up to
 * 32768 rows. On a host of many processors there is less for each.
 */
#define BUFFER_MB 1
#define BUFFER_SPLIT_MB 4
#define BUFFERS_MB 256
#define LISTEN_READS 64

/* The name that staprun -R gives the module, or for pid 0 the one it has. */
static void module_name(const char *ko, pid_t pid, char *out, size_t size)
{
	const char *slash = strrchr(ko, '/');
	char number[16];
	int len;

	snprintf(number, sizeof(number), pid ? "_%d" : "", pid);
	snprintf(out, size, "%s", slash ? slash + 1 : ko);
	len = (int)strcspn(out, ".") - (int)strlen(number);
	snprintf(out + (len > 0 ? len : 0), size - (size_t)(len > 0 ? len : 0), "%s", number);
}

static int buffer_mb(const char *const *settings)
{
	static const char split[] = "teletap_by=";
	long most = BUFFERS_MB / sysconf(_SC_NPROCESSORS_CONF);

	for (int i = 0; settings[i]; i++) {
		if (!strncmp(settings[i], split, sizeof(split) - 1) && most > BUFFER_MB)
			return most < BUFFER_SPLIT_MB ? (int)most : BUFFER_SPLIT_MB;
	}
	return BUFFER_MB;
}

#define CPU_BYTES 8192 /* as many bits as the kernel may have processors */

/*
 * A module writes its answer where the question comes from, and only on processors that
 * were there when it was loaded (SystemTap's runtime has no places for others). So stapio,
 * which asks for the end, stays on those, and a question comes from a thread of its own
 * that does: what else we start may run anywhere.
 */
static void *processors_now(void)
{
	cpu_set_t *set = calloc(1, CPU_BYTES);

	if (set && sched_getaffinity(0, CPU_BYTES, set)) {
		free(set);
		set = NULL;
	}
	return set;
}

static void stay_on(const void *processors)
{
	if (processors)
		sched_setaffinity(0, CPU_BYTES, processors);
}

/* In the child; never returns. */
static void run_staprun(const struct runner *r, const char *ko, pid_t pid,
			const char *const *settings, pid_t parent, int gate, int out, int err)
{
	const char *argv[6 + RUNNER_SETTINGS] = { "staprun" };
	int n = 1;
	char option[32], buffer[16], byte;
	int null = open("/dev/null", O_RDWR);

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(0); /* it died before the line above */
	setpgid(0, 0);
	if (read(gate, &byte, 1) != 1)
		_exit(0); /* there is no reaper */
	dup2(null, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	signals_reset();
	stay_on(r->processors);
	snprintf(option, sizeof(option), "teletap_pid=%d", pid);
	snprintf(buffer, sizeof(buffer), "%d", buffer_mb(settings));
	if (!r->is_signed)
		argv[n++] = "-R";
	argv[n++] = "-b";
	argv[n++] = buffer;
	argv[n++] = ko;
	argv[n++] = option;
	for (int i = 0; i < RUNNER_SETTINGS - 1 && settings[i]; i++)
		argv[n++] = settings[i];
	execvp("staprun", (char *const *)argv);
	if (errno != ENOENT)
		dprintf(STDERR_FILENO, "ERROR: %s\n", strerror(errno));
	_exit(127);
}

static int start_reaper(struct runner *r, int gate, char **msg)
{
	const struct reaped m = { .staprun = r->pid,
				  .module = r->module,
				  .folder = r->folder.path,
				  .lock = r->only,
				  .gate = gate };
	pid_t pid = reaper_start(&m, msg);

	r->reaper = pid > 0 ? pid : 0;
	return pid > 0 ? 0 : pid;
}

int runner_start(struct runner *r, const struct pack_ko *from, const struct stap_files *files,
		 pid_t pid, const char *const *settings, char **msg)
{
	pid_t parent = getpid();
	int out[2], err[2], gate[2], ret;
	char ko[2 * PATHS_RUN_MAX];

	*r = (struct runner){ .out = -1, .err = -1, .folder = { .lock = -1 }, .only = -1 };
	ret = stap_folder_lock(&r->folder, files->sites, msg);
	if (!ret)
		ret = stap_folder_fill(&r->folder, from, ko, sizeof(ko), files, msg);
	if (!ret) {
		r->is_signed = sign_present(ko);
		module_name(ko, 0, r->module, sizeof(r->module));
	}
	if (!ret && r->is_signed)
		ret = stap_name_take(r->module, &r->only, msg);
	if (ret) {
		runner_started(r);
		return ret;
	}
	r->processors = processors_now();
	if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC) || pipe2(gate, O_CLOEXEC))
		return fail(msg, errno, "pipe: %s", strerror(errno));
	r->pid = fork();
	if (r->pid == 0) {
		close(gate[1]);
		run_staprun(r, ko, pid, settings, parent, gate[0], out[1], err[1]);
	}
	close(out[1]);
	close(err[1]);
	r->out = out[0];
	r->err = err[0];
	fcntl(r->out, F_SETFL, O_NONBLOCK);
	fcntl(r->err, F_SETFL, O_NONBLOCK);
	fcntl(r->out, F_SETPIPE_SZ, RUNNER_PIPE);
	if (r->pid < 0)
		ret = fail(msg, errno, "fork: %s", strerror(errno));
	else if (!r->is_signed)
		module_name(ko, r->pid, r->module, sizeof(r->module));
	if (!ret)
		ret = start_reaper(r, gate[1], msg);
	close(gate[0]);
	close(gate[1]);
	return ret;
}

/* A thread: writes the question. NULL: it could not. */
static void *ask(void *runner)
{
	struct runner *r = runner;
	char path[128];
	int fd;
	bool good;

	stay_on(r->processors);
	snprintf(path, sizeof(path), "/proc/systemtap/%s/ctl", r->module);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	good = write(fd, "s", 1) == 1;
	close(fd);
	return good ? r : NULL;
}

bool runner_ask(struct runner *r)
{
	pthread_t thread;
	void *good = NULL;

	return !pthread_create(&thread, NULL, ask, r) && !pthread_join(thread, &good) && good;
}

void runner_listen(struct runner *r)
{
	char buf[512];
	ssize_t n = -1;

	/* A flood of them must not keep the caller from its other work. */
	for (int i = 0; i < LISTEN_READS && (n = read(r->err, buf, sizeof(buf) - 1)) > 0; i++) {
		size_t len = strlen(r->words);

		buf[n] = '\0';
		snprintf(r->words + len, sizeof(r->words) - len, "%s", buf);
	}
	if (n == 0) {
		close(r->err);
		r->err = -1;
	}
}

void runner_stop(const struct runner *r)
{
	if (r->pid <= 0)
		return;
	kill(r->pid, SIGTERM);
	kill(r->pid, SIGCONT); /* somebody may have stopped it */
}

void runner_started(struct runner *r)
{
	stap_folder_free(&r->folder);
}

static void name_free(struct runner *r)
{
	if (r->only >= 0)
		close(r->only);
	r->only = -1;
}

int runner_finish(struct runner *r, char **msg)
{
	int status = 0, waited = 0;
	bool gone;

	runner_started(r);
	free(r->processors);
	r->processors = NULL;
	if (r->pid <= 0) {
		name_free(r);
		return 0;
	}
	while (waitpid(r->pid, &status, WNOHANG) == 0) {
		if (waited >= REAPER_FINISH_MS)
			kill(r->pid, SIGKILL);
		clock_sleep_ms(10);
		waited += 10;
	}
	if (r->err >= 0)
		runner_listen(r);
	if (r->err >= 0)
		close(r->err);
	if (r->out >= 0)
		close(r->out);
	gone = reaper_remove(r->module);
	if (r->reaper)
		reaper_end(r->reaper);
	name_free(r);
	if (!gone && !reaper_may_remove(r->module))
		return fail(
			msg, EBUSY,
			"%s: a module of an older teletap, which could bring the kernel down "
			"when it is unloaded now: it stays, idle, until the next boot; build the "
			"pack again",
			r->module);
	if (!gone)
		return fail(msg, EBUSY,
			    "the module %s cannot be removed: try 'staprun -d %s' as "
			    "root; 'dmesg' may say why",
			    r->module, r->module);
	return status;
}

void runner_sweep(void)
{
	char line[512], left[16][RUNNER_MODULE];
	/* Whose they are cannot be seen where the numbers are others. */
	FILE *f = numbers_foreign("") ? NULL : fopen("/proc/modules", "re");
	int n = 0, removed = 0;

	while (f && n < 16 && fgets(line, sizeof(line), f)) {
		line[strcspn(line, " ")] = '\0';
		if (leftover("", line) && reaper_may_remove(line))
			snprintf(left[n++], RUNNER_MODULE, "%.*s", RUNNER_MODULE - 1, line);
	}
	if (f)
		fclose(f);
	for (int i = 0; i < n; i++)
		removed += reaper_remove(left[i]);
	if (removed)
		say("removed %d module%s that a killed teletap had left", removed,
		    removed > 1 ? "s" : "");
}
