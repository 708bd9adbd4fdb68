// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/processes.h"

#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DEPTH_MAX 64         /* generations */
#define CHILDREN_MAX 65536   /* bytes of their list */
#define LOOK_PROCESSES 65536 /* of the host */
#define PF_FORKNOEXEC 0x40   /* include/linux/sched.h: forked, and not exec'd since */

static bool is_listed(const struct processes *p, pid_t pid)
{
	for (size_t i = 0; i < p->n; i++) {
		if (p->list[i] == pid)
			return true;
	}
	return false;
}

/*
 * False: it has no place, or one already, or there is no such process. begun: as in struct root.
 */
static bool add(struct processes *p, const struct look *l, pid_t pid, uint64_t begun)
{
	char path[64], text[1024], state;
	const char *end;
	unsigned flags;
	uint64_t now;
	int parent;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (is_listed(p, pid) || look_text(l, path, text, sizeof(text)))
		return false;
	end = strrchr(text, ')');
	if (!end ||
	    sscanf(end + 1,
		   " %c %d %*s %*s %*s %*s %u %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
		   "%" SCNu64,
		   &state, &parent, &flags, &now) != 4 ||
	    (begun && begun != now) ||
	    (p->who.command && pid == p->who.roots[0].pid && flags & PF_FORKNOEXEC))
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

static void look_below(struct processes *p, const struct look *l, struct root root, int depth)
{
	char *text = malloc(CHILDREN_MAX), name[80], path[PATH_MAX];
	struct dirent *entry;
	DIR *tasks = NULL;

	if (text && add(p, l, root.pid, root.begun) && depth < DEPTH_MAX) {
		snprintf(name, sizeof(name), "/proc/%d/task", (int)root.pid);
		tasks = opendir(look_path(l, name, path));
	}
	while (tasks && (entry = readdir(tasks))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(name, sizeof(name), "/proc/%d/task/%.20s/children", (int)root.pid,
			 entry->d_name);
		if (look_text(l, name, text, CHILDREN_MAX))
			continue;
		for (char *rest = text, *word; (word = strsep(&rest, " "));) {
			if (rest && isdigit((unsigned char)*word))
				look_below(p, l, (struct root){ .pid = atoi(word) }, depth + 1);
			else if (*word) /* the list is longer */
				p->unseen++;
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
		if (!stat(look_path(l, name, path), &st) && st.st_dev == p->who.dev &&
		    st.st_ino == p->who.ino)
			add(p, l, (pid_t)atoi(entry->d_name), 0);
	}
	if (proc)
		closedir(proc);
}

struct cgroup_look {
	struct processes *p;
	const struct look *l;
};

static void add_of_cgroup(pid_t pid, void *arg)
{
	const struct cgroup_look *c = arg;

	add(c->p, c->l, pid, 0);
}

void processes_look(struct processes *p, const struct look *l)
{
	struct cgroup_look c = { p, l };

	p->n = 0;
	p->unseen = 0;
	if (p->who.cgroup.id)
		cgroup_processes(&p->who.cgroup, add_of_cgroup, &c);
	for (int i = 0; i < p->who.n_roots; i++)
		look_below(p, l, p->who.roots[i], 0);
	if (p->who.ino)
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
