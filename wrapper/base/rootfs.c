// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM_MAX (4 << 20) /* bytes read of a program; Debian's staprun has 0.3 MB */

const char *look_path(const struct look *l, const char *path, char out[PATH_MAX])
{
	snprintf(out, PATH_MAX, "%s%s", l->root, path);
	return out;
}

bool look_exists(const struct look *l, const char *path)
{
	char full[PATH_MAX];

	return !access(look_path(l, path, full), F_OK);
}

int look_text(const struct look *l, const char *path, char *out, size_t size)
{
	char full[PATH_MAX];
	int fd = open(look_path(l, path, full), O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : 1;
	size_t all = 0;
	int err;

	/* A read of a file of /proc returns about a page of it, however much is wanted. */
	while (n > 0 && all < size - 1) {
		n = read(fd, out + all, size - 1 - all);
		all += n > 0 ? (size_t)n : 0;
	}
	err = n < 0 ? -errno : 0;
	out[all] = '\0';
	if (fd >= 0)
		close(fd);
	return err;
}

bool look_line(const struct look *l, const char *path, look_line_fn *fn, void *arg)
{
	char full[PATH_MAX], line[1024];
	FILE *f = fopen(look_path(l, path, full), "re");
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		found = fn(line, arg);
	if (f)
		fclose(f);
	return found;
}

bool look_program(const struct look *l, const char *name, char out[PATH_MAX])
{
	const char *dirs = getenv("PATH");
	char *copy = strdup(dirs ? dirs : "/usr/sbin:/usr/bin:/sbin:/bin"), *rest = copy, *dir;
	bool found = false;

	while (copy && !found && (dir = strsep(&rest, ":"))) {
		snprintf(out, PATH_MAX, "%s%s/%s", l->root, *dir ? dir : ".", name);
		found = !access(out, F_OK);
	}
	free(copy);
	return found;
}

/* In the child: what the program says on either stream goes to out. */
static void run(const char *path, const char *option, int out)
{
	int null = open("/dev/null", O_RDONLY);

	/* stap would make ~/.systemtap, even for --version: here it cannot (seen with 5.6). */
	setenv("SYSTEMTAP_DIR", "/proc/self/fdinfo/none", 1);
	setenv("LC_ALL", "C", 1);
	dup2(null, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	execl(path, path, option, (char *)NULL);
	_exit(127);
}

bool look_version(const char *path, const char *option, char *out, size_t size)
{
	char text[1024], *at;
	int ends[2], len = 0;
	ssize_t n;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return false;
	pid = fork();
	if (pid == 0)
		run(path, option, ends[1]);
	close(ends[1]);
	while (pid > 0 && (n = read(ends[0], text + len, sizeof(text) - 1 - (size_t)len)) > 0)
		len += (int)n;
	text[len] = '\0';
	close(ends[0]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	at = strstr(text, "version ");
	at = at ? at + strlen("version ") : text + len;
	snprintf(out, size, "%.*s", (int)strspn(at, "0123456789."), at);
	return *out;
}

/* The version at text, if one begins there. */
static bool take_version(const char *text, char *out, size_t size)
{
	size_t digits = strspn(text, "0123456789"), len = strspn(text, "0123456789.");

	if (!digits || text[digits] != '.' || len == digits + 1)
		return false;
	snprintf(out, size, "%.*s", (int)len, text);
	return true;
}

bool look_version_inside(const char *path, char *out, size_t size)
{
	static const char *const words[] = { "version ", "rpm " };
	char *text = calloc(1, PROGRAM_MAX + 1);
	FILE *f = fopen(path, "re");
	size_t len = f && text ? fread(text, 1, PROGRAM_MAX, f) : 0;
	bool found = false;

	for (int w = 0; w < 2; w++) {
		size_t word = strlen(words[w]);
		const char *p = text, *end = text + len;

		while (!found && len && (p = memmem(p, (size_t)(end - p), words[w], word))) {
			p += word;
			found = take_version(p, out, size);
		}
	}
	if (f)
		fclose(f);
	free(text);
	return found;
}
