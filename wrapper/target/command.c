// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A process may write whatever it likes into its command line: who names a target by it trusts
 * those who may start programs on the host.
 */
#include "target/command.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"

#define LINE_MAX_BYTES 32768 /* a longer one matches nothing */

bool command_any(bool (*fn)(pid_t pid, void *arg), void *arg)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	bool found = false;

	while (proc && !found && (entry = readdir(proc)))
		found = isdigit((unsigned char)entry->d_name[0]) && fn(atoi(entry->d_name), arg);
	if (proc)
		closedir(proc);
	return found;
}

/* Reads a file of the process; returns how many bytes, -1: it cannot be, or has more. */
static ssize_t read_file(pid_t pid, const char *name, char *text, size_t size)
{
	char path[48];
	ssize_t n = 0, more = 1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	while ((size_t)n < size && (more = read(fd, text + n, size - (size_t)n)) > 0)
		n += more;
	close(fd);
	return more ? -1 : n;
}

static bool matches(pid_t pid, const char *pattern)
{
	static char line[LINE_MAX_BYTES];
	ssize_t n = read_file(pid, "cmdline", line, sizeof(line));

	while (n > 0 && !line[n - 1])
		n--;
	if (n <= 0 || n == sizeof(line))
		return false;
	line[n] = '\0';
	for (ssize_t i = 0; i < n; i++) {
		if (!line[i])
			line[i] = ' ';
	}
	return !fnmatch(pattern, line, 0);
}

/* Source: proc_pid_stat(5), field 4. */
static pid_t parent_of(pid_t pid)
{
	char text[1024], *end;
	ssize_t n = read_file(pid, "stat", text, sizeof(text) - 1);
	int parent = 0;

	text[n > 0 ? n : 0] = '\0';
	end = strrchr(text, ')');
	return end && sscanf(end + 1, " %*c %d", &parent) == 1 ? parent : 0;
}

struct find {
	const char *pattern;
	pid_t *pids;
	int n, max;
};

static bool take(pid_t pid, void *arg)
{
	struct find *f = arg;
	pid_t parent;

	if (pid == getpid() || !matches(pid, f->pattern))
		return false;
	parent = parent_of(pid);
	if (parent > 0 && matches(parent, f->pattern))
		return false;
	if (f->n < f->max)
		f->pids[f->n] = pid;
	f->n++;
	return f->n > f->max;
}

int command_find(const char *pattern, pid_t *pids, int max, char **msg)
{
	struct find f = { .pattern = pattern, .pids = pids, .max = max };

	if (command_any(take, &f))
		return fail(msg, E2BIG,
			    "command %s: more than %d processes: name their unit or cgroup",
			    pattern, max);
	return f.n ? f.n
		   : fail(msg, ESRCH, "command %s: no process has such a command line", pattern);
}
