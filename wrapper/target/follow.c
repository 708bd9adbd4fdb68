// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/follow.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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

void presence_begin(struct presence *p, const struct target *t, const char *path,
		    const char *pid_file)
{
	struct stat st;

	*p = (struct presence){
		.kind = t->kind, .pid = t->pid, .path = path, .pid_file = pid_file
	};
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

char *presence_lost(struct presence *p, const struct target *t)
{
	struct pollfd fd = { .fd = t->pidfd, .events = POLLIN };
	char *why = NULL;
	pid_t now;

	if (t->pidfd >= 0 && poll(&fd, 1, 0) > 0)
		fail(&why, 0, "process %d has ended", (int)t->pid);
	else if (p->pid_file && !presence_pid(p->pid_file, &now, NULL) && now != t->pid &&
		 !kill(now, 0))
		fail(&why, 0, "process %d is in the place of %d", (int)now, (int)t->pid);
	else if (p->kind == TARGET_FILE && !same_file(p, p->path))
		fail(&why, 0, "%s is another file now", p->path);
	return why;
}

bool presence_back(const struct presence *p)
{
	struct stat st;
	pid_t pid;

	if (p->pid_file)
		return !presence_pid(p->pid_file, &pid, NULL) && (!kill(pid, 0) || errno == EPERM);
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
