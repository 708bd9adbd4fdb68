// SPDX-License-Identifier: GPL-2.0-or-later
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fail.h"

#define HEAD 256 /* the kernel reads as much of a '#!' line */
#define DEPTH 5  /* and follows as many of them */

static bool runnable(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK);
}

/* What execvp would take; NULL when there is nothing of that name. */
static char *look_up(const char *word)
{
	const char *dirs = getenv("PATH");
	char *copy, *rest, *dir, *path = NULL;

	if (strchr(word, '/'))
		return runnable(word) ? strdup(word) : NULL;
	copy = rest = strdup(dirs ? dirs : "/bin:/usr/bin");
	while (copy && !path && (dir = strsep(&rest, ":"))) {
		if (asprintf(&path, "%s/%s", *dir ? dir : ".", word) < 0)
			path = NULL;
		if (path && !runnable(path)) {
			free(path);
			path = NULL;
		}
	}
	free(copy);
	return path;
}

/* The interpreter a script's first line names, by way of env too; NULL: no script. */
static char *interpreter(const char *path)
{
	char head[HEAD + 1], *rest = head + 2, *word, *base;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, head, HEAD);

	if (fd >= 0)
		close(fd);
	if (n < 3 || head[0] != '#' || head[1] != '!')
		return NULL;
	head[n] = '\0';
	head[strcspn(head, "\n")] = '\0';
	do
		word = strsep(&rest, " \t\r");
	while (word && !*word);
	if (!word)
		return NULL;
	base = strrchr(word, '/');
	if (strcmp(base ? base + 1 : word, "env"))
		return strdup(word);
	/* env [-S] [NAME=VALUE...] PROGRAM */
	while ((word = strsep(&rest, " \t\r"))) {
		if (*word && *word != '-' && !strchr(word, '='))
			return strdup(word);
	}
	return NULL;
}

int program_find(const char *word, char **path, char **msg)
{
	char *now = look_up(word), *next;

	if (!now)
		return fail(msg, ENOENT,
			    "%s: no such program in PATH, or not executable: check the name", word);
	for (int depth = 0; depth < DEPTH && (next = interpreter(now)); depth++) {
		char *found = look_up(next);

		if (!found) {
			int err = fail(msg, ENOENT,
				       "%s: its interpreter %s was not found: check its first line",
				       now, next);

			free(next);
			free(now);
			return err;
		}
		free(next);
		free(now);
		now = found;
	}
	*path = realpath(now, NULL);
	free(now);
	return *path ? 0 : fail(msg, errno, "%s: %s", word, strerror(errno));
}
