// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"

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

/*
 * What the second line of a script of the shell executes, as pip writes it where the first
 * one has no room for a path: '''exec' /a/long/path "$0" "$@". NULL: it is another one.
 */
static char *executed(const char *line)
{
	static const char begin[] = "'''exec' ";
	const char *path = line + strlen(begin);
	size_t quoted;

	if (strncmp(line, begin, strlen(begin)))
		return NULL;
	quoted = *path == '"';
	path += quoted;
	return *path == '/' ? strndup(path, strcspn(path, quoted ? "\"\n" : " \n")) : NULL;
}

/* The interpreter a script's first line names, by way of env and sh too; NULL: no script. */
static char *interpreter(const char *path)
{
	char head[HEAD + PATH_MAX + 1], *rest = head + 2, *second, *word, *base, *found;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, head, sizeof(head) - 1);

	if (fd >= 0)
		close(fd);
	if (n < 3 || head[0] != '#' || head[1] != '!')
		return NULL;
	head[n] = '\0';
	second = strchr(head, '\n');
	found = second ? executed(second + 1) : NULL;
	if (found)
		return found;
	head[HEAD < n ? HEAD : n] = '\0';
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

/* Programs that run another one, which their arguments name. */
static const struct wrapper {
	const char *name;
	const char *letters; /* options with an argument of their own, */
	const char *words;   /* and the long ones, each between two spaces */
	int arguments;       /* before the program */
} wrappers[] = {
	{ "env", "uC", " --unset --chdir ", 0 },
	{ "nice", "n", " --adjustment ", 0 },
	{ "nohup", "", "", 0 },
	{ "timeout", "ks", " --kill-after --signal ", 1 },
	{ "stdbuf", "ioe", " --input --output --error ", 0 },
	{ "setsid", "", "", 0 },
	{ "ionice", "cn", " --class --classdata ", 0 },
	{ "taskset", "", "", 1 },
	{ "chrt", "TPD", " --sched-runtime --sched-period --sched-deadline ", 1 },
	{ "setarch", "", "", 0 },
	{ "x86_64", "", "", 0 },
	{ "linux32", "", "", 0 },
	{ "linux64", "", "", 0 },
};

static const struct wrapper *wrapper_of(const char *word)
{
	const char *slash = strrchr(word, '/');

	for (size_t i = 0; i < sizeof(wrappers) / sizeof(wrappers[0]); i++) {
		if (!strcmp(wrappers[i].name, slash ? slash + 1 : word))
			return &wrappers[i];
	}
	return NULL;
}

/* Whether the option's argument is the next word. */
static bool takes_next(const struct wrapper *w, const char *option)
{
	size_t len = strlen(option);
	char between[64];

	if (option[1] == '-') {
		snprintf(between, sizeof(between), " %s ", option);
		return strstr(w->words, between);
	}
	/* The last letter of -ab; after one that takes an argument the rest is that. */
	return strcspn(option + 1, w->letters) == len - 2;
}

/* The word that names the program which the wrapper argv[0] runs; NULL: that is not known. */
static char **behind(const struct wrapper *w, char **argv)
{
	bool is_env = !strcmp(w->name, "env"), is_setarch = !strcmp(w->name, "setarch");
	char **word = argv + 1, *path = NULL;

	for (; *word && **word == '-'; word++) {
		/* These change what is found, or are the command. */
		if (is_env && (!(*word)[1] || strchr(*word, 'C') || strchr(*word, 'S') ||
			       strstr(*word, "split") || strstr(*word, "chdir")))
			return NULL;
		if (!strcmp(*word, "--")) {
			word++;
			break;
		}
		if (takes_next(w, *word) && !*++word)
			return NULL;
	}
	for (; is_env && *word && strchr(*word, '='); word++) {
		if (!strncmp(*word, "PATH=", 5))
			return NULL;
	}
	for (int i = 0; i < w->arguments && *word; i++)
		word++;
	/* An architecture may come first, which often is a program, too; and options behind it. */
	if (is_setarch && *word && !(path = look_up(*word)))
		return behind(w, word);
	if (is_setarch && *word)
		free(path);
	return *word ? word : NULL;
}

int program_find_behind(char **argv, char **path, char **msg)
{
	const struct wrapper *w;

	while ((w = wrapper_of(*argv))) {
		char **next = behind(w, argv);

		if (!next)
			return fail(msg, ENOENT,
				    "-c: which program %s runs is not known: name it with -e FILE "
				    "beside -c",
				    *argv);
		argv = next;
	}
	return program_find(*argv, path, msg);
}
