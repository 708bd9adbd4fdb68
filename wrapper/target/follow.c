// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/follow.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "target/command.h"

#define LOOK_MS 2000
#define NEW_MS 10000 /* between two searches for more processes of a pattern */

int presence_pid(const char *path, pid_t *pid, char **msg)
{
	char text[32] = "", *end;
	FILE *f = fopen(path, "re");
	long number;

	if (!f)
		return fail(msg, ESRCH, "--pid-file %s: %s", path, strerror(errno));
	if (!fgets(text, sizeof(text), f))
		text[0] = '\0';
	fclose(f);
	number = strtol(text, &end, 10);
	if (end == text || (*end && *end != '\n') || number < 1 || number > INT32_MAX)
		return fail(msg, ESRCH, "--pid-file %s: holds no process number", path);
	*pid = (pid_t)number;
	return 0;
}

int presence_find(struct opts *o, char **msg)
{
	int n;

	if (o->pid_file)
		return presence_pid(o->pid_file, &o->pid, msg);
	if (!o->pattern)
		return 0;
	n = command_find(o->pattern, o->pids, OPTS_PIDS, msg);
	if (n < 0)
		return n;
	o->n_pids = n;
	o->pid = n == 1 ? o->pids[0] : 0;
	return 0;
}

void presence_begin(struct presence *p, const struct target *t, const struct opts *o)
{
	struct stat st;

	*p = (struct presence){ .kind = t->kind,
				.pid = t->pid,
				.path = o->n_files ? o->files[0] : NULL,
				.pid_file = o->pid_file,
				.how = o->kind,
				.group = o->group,
				.pattern = o->pattern,
				.n_pids = o->n_pids };
	memcpy(p->pids, o->pids, sizeof(p->pids));
	if (t->kind == TARGET_FILE && !fstat(t->files[0].fd, &st)) {
		p->dev = st.st_dev;
		p->ino = st.st_ino;
	}
}

static bool same_file(const struct presence *p, const char *path)
{
	struct stat st;

	return !stat(path, &st) && st.st_dev == p->dev && st.st_ino == p->ino;
}

/* A process that has such a command line, too, and was not there; 0: none. Not looked for often. */
static pid_t newcomer(struct presence *p, int64_t now_ms)
{
	pid_t pids[OPTS_PIDS];
	int n;

	if (!p->pattern || now_ms - p->looked_ms < NEW_MS)
		return 0;
	p->looked_ms = now_ms;
	n = command_find(p->pattern, pids, OPTS_PIDS, NULL);
	for (int i = 0; i < n; i++) {
		bool known = false;

		for (int k = 0; k < p->n_pids; k++)
			known |= p->pids[k] == pids[i];
		if (!known)
			return pids[i];
	}
	return 0;
}

char *presence_lost(struct presence *p, struct target *t, int64_t now_ms)
{
	char *why = NULL;
	pid_t now;

	if (target_gone(t) && t->kind == TARGET_GROUP)
		fail(&why, 0, "%s: all processes have ended", t->group.name);
	else if (target_gone(t))
		fail(&why, 0, "process %d has ended", (int)t->pid);
	else if (p->pid_file && !presence_pid(p->pid_file, &now, NULL) && now != t->pid &&
		 !kill(now, 0))
		fail(&why, 0, "process %d is in the place of %d", (int)now, (int)t->pid);
	else if (p->kind == TARGET_FILE && !same_file(p, p->path))
		fail(&why, 0, "%s is another file now", p->path);
	else if ((now = newcomer(p, now_ms)))
		fail(&why, 0, "process %d has come, whose command line matches, too", (int)now);
	return why;
}

/* The cgroup may be another one of that name than before. */
static int group_now(const struct opts *o, char **msg)
{
	struct cgroup g;
	int err = cgroup_find(o->kind, o->group, &g, msg), watch = err ? -1 : cgroup_watch(&g);

	if (!err && (watch < 0 || cgroup_empty(watch)))
		err = fail(msg, ESRCH, "%s %s: no process is in it", o->kind, o->group);
	if (watch >= 0)
		close(watch);
	return err;
}

bool presence_back(const struct presence *p)
{
	const struct opts group = { .kind = p->how, .group = p->group };
	pid_t pids[OPTS_PIDS], pid;
	struct stat st;

	if (p->pid_file)
		return !presence_pid(p->pid_file, &pid, NULL) && (!kill(pid, 0) || errno == EPERM);
	if (p->group)
		return !group_now(&group, NULL);
	if (p->pattern)
		return command_find(p->pattern, pids, OPTS_PIDS, NULL) > 0;
	return p->kind == TARGET_FILE && !stat(p->path, &st) && S_ISREG(st.st_mode) && st.st_size;
}

static bool runs_it(pid_t pid, void *arg)
{
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	return same_file(arg, path);
}

/* A process that has ended, and whose parent has not noticed, has no program any more. */
static bool is_running(pid_t pid)
{
	char path[48], program[1];

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	return readlink(path, program, sizeof(program)) >= 0 || errno == EACCES;
}

static int file_now(const char *path, char **msg)
{
	struct presence p = { .kind = TARGET_FILE };
	struct stat st;

	if (stat(path, &st))
		return fail(msg, ESRCH, "%s: %s", path, strerror(errno));
	p.dev = st.st_dev;
	p.ino = st.st_ino;
	return command_any(runs_it, &p) ? 0 : fail(msg, ESRCH, "no process runs %s", path);
}

int presence_now(const struct opts *o, char **msg)
{
	struct opts found;
	int err;

	if (o->group)
		return group_now(o, msg);
	if (o->n_files)
		return file_now(o->files[0], msg);
	found = *o;
	err = presence_find(&found, msg);
	if (!err && found.pid && !is_running(found.pid))
		err = fail(msg, ESRCH, "no process %d that runs a program", (int)found.pid);
	return err;
}

bool presence_idle(struct presence *p, int64_t now_ms)
{
	if (p->kind != TARGET_FILE || now_ms - p->looked_ms < LOOK_MS)
		return p->idle;
	p->looked_ms = now_ms;
	if (command_any(runs_it, p)) {
		p->seen = true;
		p->idle = false;
	} else {
		p->idle = p->seen; /* a library is run by nobody */
	}
	return p->idle;
}
