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

#include "base/clock.h"
#include "base/fail.h"

#define LINE_MAX_BYTES 32768 /* a longer one matches nothing */
#define SEEN_MAX (16 << 20)  /* of all of them; what is beyond matches nothing */
#define LOOK_MS 1000         /* between two looks at all processes */

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

/* The command line, terminated; false: it has none, or too long a one. */
static bool read_line(pid_t pid, char line[LINE_MAX_BYTES])
{
	ssize_t n = read_file(pid, "cmdline", line, LINE_MAX_BYTES);

	while (n > 0 && !line[n - 1])
		n--;
	if (n <= 0 || n == LINE_MAX_BYTES)
		return false;
	line[n] = '\0';
	for (ssize_t i = 0; i < n; i++) {
		if (!line[i])
			line[i] = ' ';
	}
	return true;
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

/*
 * What was seen at the last look: many targets may be looked for at once. It only says who may
 * match; the process itself is asked then.
 */
static struct seen {
	pid_t pid;
	char *line;
} * seen;
static size_t n_seen, room, bytes;
static int64_t looked_ms;

static bool note(pid_t pid, void *arg)
{
	static char line[LINE_MAX_BYTES];
	size_t len = read_line(pid, line) ? strlen(line) + 1 : 0;

	(void)arg;
	if (n_seen == room) {
		struct seen *more = realloc(seen, (room + 512) * sizeof(*more));

		if (!more)
			return true;
		seen = more;
		room += 512;
	}
	if (!len || bytes + len > SEEN_MAX)
		return false;
	seen[n_seen] = (struct seen){ pid, strdup(line) };
	bytes += len;
	n_seen += seen[n_seen].line != NULL;
	return false;
}

static void look(void)
{
	int64_t now = clock_ms(CLOCK_MONOTONIC);

	if (looked_ms && now - looked_ms < LOOK_MS)
		return;
	while (n_seen)
		free(seen[--n_seen].line);
	bytes = 0;
	looked_ms = now;
	command_any(note, NULL);
}

static bool matches(pid_t pid, const char *pattern)
{
	static char line[LINE_MAX_BYTES];

	return read_line(pid, line) && !fnmatch(pattern, line, 0);
}

int command_find(const char *pattern, pid_t *pids, int max, char **msg)
{
	int n = 0;

	look();
	for (size_t i = 0; i < n_seen; i++) {
		pid_t pid = seen[i].pid, parent;

		if (fnmatch(pattern, seen[i].line, 0) || pid == getpid() || !matches(pid, pattern))
			continue;
		parent = parent_of(pid);
		if (parent > 0 && matches(parent, pattern))
			continue;
		if (n == max)
			return fail(msg, E2BIG,
				    "command %s: more than %d processes: name their unit or cgroup",
				    pattern, max);
		pids[n++] = pid;
	}
	return n ? n : fail(msg, ESRCH, "command %s: no process has such a command line", pattern);
}
