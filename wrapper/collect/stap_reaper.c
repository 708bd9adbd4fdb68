// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/stap_reaper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fail.h"
#include "base/paths.h"

#define REMOVE_TRIES 50            /* 0.1 s between them */
#define MODULE_VERSION "teletap 2" /* tapsets/teletap_uprobe.stp */

static bool loaded(const char *module)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/module/%s", module);
	return access(path, F_OK) == 0;
}

bool reaper_may_remove(const char *module)
{
	char path[128], version[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/sys/module/%s/version", module);
	f = fopen(path, "re");
	if (f && !fgets(version, sizeof(version), f))
		version[0] = '\0';
	if (f)
		fclose(f);
	return !strcmp(version, MODULE_VERSION "\n");
}

/* staprun -d removes a module that has lost its stapio. */
static void remove_once(const char *module)
{
	pid_t pid = fork();
	int null;

	if (pid == 0) {
		null = open("/dev/null", O_RDWR);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		execlp("staprun", "staprun", "-d", module, (char *)NULL);
		_exit(127);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

bool reaper_remove(const char *module)
{
	for (int i = 0; i < REMOVE_TRIES && loaded(module); i++) {
		if (reaper_may_remove(module))
			remove_once(module);
		if (loaded(module))
			clock_sleep_ms(100);
	}
	return !loaded(module);
}

/* All from 3 on but a and b (-1: none). Above all: what holds teletap's semaphores up. */
static void close_others(int a, int b)
{
	unsigned int low = (unsigned int)(b >= 0 && b < a ? b : a);
	unsigned int high = (unsigned int)(b > a ? b : a);

	if (low > 3)
		close_range(3, low - 1, 0);
	if (high > low + 1)
		close_range(low + 1, high - 1, 0);
	close_range(high + 1, ~0U, 0);
}

/* Whether the process has ended within so many ms; -1: waits for ever. */
static bool has_ended(int pidfd, int ms)
{
	struct pollfd fd = { .fd = pidfd, .events = POLLIN };

	return poll(&fd, 1, ms) > 0;
}

/* Of a teletap that has been killed; another one that is starting may have made its own. */
static void remove_folder(const char *folder)
{
	char path[PATHS_RUN_MAX + 8];
	int lock;

	snprintf(path, sizeof(path), "%s.lock", folder);
	lock = open(path, O_RDWR | O_CLOEXEC);
	if (lock >= 0 && !flock(lock, LOCK_EX | LOCK_NB))
		paths_remove(folder);
	if (lock >= 0)
		close(lock);
}

/* In the child. */
static void wait_and_remove(const struct reaped *m, pid_t parent)
{
	int null = open("/dev/null", O_RDWR), teletap, staprun;
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	setsid();
	prctl(PR_SET_NAME, "teletap-reaper");
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	close_others(m->gate, m->lock);
	teletap = pidfd_open(parent, 0);
	staprun = pidfd_open(m->staprun, 0);
	/* While the parent lives the numbers are those meant; staprun waits at the gate. */
	if (teletap < 0 || staprun < 0 || getppid() != parent || write(m->gate, "", 1) != 1)
		return;
	close(m->gate);
	has_ended(teletap, -1);
	pidfd_send_signal(staprun, SIGTERM, NULL, 0);
	pidfd_send_signal(staprun, SIGCONT, NULL, 0);
	if (!has_ended(staprun, REAPER_FINISH_MS)) {
		pidfd_send_signal(staprun, SIGKILL, NULL, 0);
		has_ended(staprun, REAPER_FINISH_MS);
	}
	if (m->folder)
		remove_folder(m->folder);
	reaper_remove(m->module);
}

pid_t reaper_start(const struct reaped *m, char **msg)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		return fail(msg, errno, "fork: %s", strerror(errno));
	if (pid > 0)
		return pid;
	wait_and_remove(m, parent);
	_exit(0);
}

void reaper_end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}
