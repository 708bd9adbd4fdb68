// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/follow.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"

#define LOOK_MS 2000

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

void presence_begin(struct presence *p, const struct target *t, const struct opts *o)
{
	struct stat st;

	*p = (struct presence){ .kind = t->kind,
				.pid = t->pid,
				.path = o->n_files ? o->files[0] : NULL,
				.pid_file = o->pid_file,
				.how = o->kind,
				.group = o->group };
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

char *presence_lost(struct presence *p, struct target *t)
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
	return why;
}

/* Whether it has a process again; the cgroup may be another one of that name. */
static bool group_back(const struct presence *p)
{
	struct cgroup g;
	int watch = cgroup_find(p->how, p->group, &g, NULL) ? -1 : cgroup_watch(&g);
	bool back = watch >= 0 && !cgroup_empty(watch);

	if (watch >= 0)
		close(watch);
	return back;
}

bool presence_back(const struct presence *p)
{
	struct stat st;
	pid_t pid;

	if (p->pid_file)
		return !presence_pid(p->pid_file, &pid, NULL) && (!kill(pid, 0) || errno == EPERM);
	if (p->group)
		return group_back(p);
	return p->kind == TARGET_FILE && !stat(p->path, &st) && S_ISREG(st.st_mode) && st.st_size;
}

static bool runs(const struct presence *p)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	bool found = false;
	char path[300];

	while (proc && !found && (entry = readdir(proc))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/exe", entry->d_name);
		found = same_file(p, path);
	}
	if (proc)
		closedir(proc);
	return found;
}

bool presence_idle(struct presence *p, int64_t now_ms)
{
	if (p->kind != TARGET_FILE || now_ms - p->looked_ms < LOOK_MS)
		return p->idle;
	p->looked_ms = now_ms;
	if (runs(p)) {
		p->seen = true;
		p->idle = false;
	} else {
		p->idle = p->seen; /* a library is run by nobody */
	}
	return p->idle;
}
