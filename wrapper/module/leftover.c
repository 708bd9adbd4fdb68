// SPDX-License-Identifier: GPL-2.0-or-later
#include "module/leftover.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/paths.h"

static bool is_stap(const char *root, pid_t pid)
{
	char path[PATH_MAX], comm[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), "%s/proc/%d/comm", root, pid);
	f = fopen(path, "re");
	if (f && !fgets(comm, sizeof(comm), f))
		comm[0] = '\0';
	if (f)
		fclose(f);
	return !strcmp(comm, "stapio\n") || !strcmp(comm, "staprun\n");
}

/* Of a module that keeps its name: whose teletap holds this lock (stap_run.c). */
static bool is_locked(const char *root, const char *module)
{
	char path[PATH_MAX];
	bool locked;
	int fd;

	snprintf(path, sizeof(path), "%s%s/%s.lock", root, PATHS_RUN, module);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno != ENOENT;
	locked = flock(fd, LOCK_EX | LOCK_NB) != 0;
	close(fd);
	return locked;
}

/* teletap_gc_00_4242: loaded by staprun, process 4242; teletap_gc_0000000: signed. */
bool leftover(const char *root, const char *line)
{
	char module[64], *number;
	pid_t owner;

	snprintf(module, sizeof(module), "%.*s", (int)strcspn(line, " \n"), line);
	number = strrchr(module, '_');
	if (strncmp(module, "teletap_", strlen("teletap_")) || !number)
		return false;
	owner = (pid_t)atoi(number + 1);
	return owner ? !is_stap(root, owner) : !is_locked(root, module);
}
