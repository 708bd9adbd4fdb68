// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/processes.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DEPTH_MAX 64         /* generations */
#define CHILDREN_MAX 65536   /* bytes of their list */
#define LOOK_PROCESSES 65536 /* of the host */

static bool is_listed(const struct processes *p, pid_t pid)
{
	for (size_t i = 0; i < p->n; i++) {
		if (p->list[i] == pid)
			return true;
	}
	return false;
}

/* False: it has no place, or one already, or there is no such process. */
static bool add(struct processes *p, const struct look *l, pid_t pid)
{
	char path[64], text[1024], state;
	const char *end;
	int parent;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (is_listed(p, pid) || look_text(l, path, text, sizeof(text)))
		return false;
	end = strrchr(text, ')');
	if (!end || sscanf(end + 1, " %c %d", &state, &parent) != 2)
		return false;
	if (p->n == PROCESSES_MAX) {
		p->unseen++;
		return false;
	}
	p->state[p->n] = state;
	p->parent[p->n] = parent;
	p->list[p->n++] = pid;
	return true;
}

static void look_below(struct processes *p, const struct look *l, pid_t pid, int depth)
{
	char *text = malloc(CHILDREN_MAX), name[80], path[PATH_MAX];
	struct dirent *entry;
	DIR *tasks = NULL;

	if (text && add(p, l, pid) && depth < DEPTH_MAX) {
		snprintf(name, sizeof(name), "/proc/%d/task", (int)pid);
		tasks = opendir(look_path(l, name, path));
	}
	while (tasks && (entry = readdir(tasks))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(name, sizeof(name), "/proc/%d/task/%.20s/children", (int)pid,
			 entry->d_name);
		if (look_text(l, name, text, CHILDREN_MAX))
			continue;
		for (char *rest = text, *word; (word = strsep(&rest, " "));) {
			if (rest && isdigit((unsigned char)*word))
				look_below(p, l, (pid_t)atoi(word), depth + 1);
		}
	}
	if (tasks)
		closedir(tasks);
	free(text);
}

static void look_file(struct processes *p, const struct look *l)
{
	char path[PATH_MAX], name[300];
	DIR *proc = opendir(look_path(l, "/proc", path));
	struct dirent *entry;
	struct stat st;

	for (int left = LOOK_PROCESSES; proc && left && (entry = readdir(proc));) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		left--;
		snprintf(name, sizeof(name), "/proc/%s/exe", entry->d_name);
		if (!stat(look_path(l, name, path), &st) && st.st_dev == p->dev &&
		    st.st_ino == p->ino)
			add(p, l, (pid_t)atoi(entry->d_name));
	}
	if (proc)
		closedir(proc);
}

void processes_look(struct processes *p, const struct look *l)
{
	p->n = 0;
	p->unseen = 0;
	if (p->pid)
		look_below(p, l, p->pid, 0);
	else if (p->ino)
		look_file(p, l);
}

bool processes_live(const struct processes *p)
{
	for (size_t i = 0; i < p->n; i++) {
		if (p->state[i] != 'Z' && p->state[i] != 'X')
			return true;
	}
	return false;
}
