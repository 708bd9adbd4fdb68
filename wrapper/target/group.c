// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/group.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/rootfs.h"

#define FIRST_MAX 1024 /* processes whose files are looked at */

/* Source: proc_pid_stat(5), field 22. */
struct root root_of(pid_t pid)
{
	static const struct look here = { .root = "" };
	struct root root = { .pid = pid };
	char path[64], text[1024];
	const char *end;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (look_text(&here, path, text, sizeof(text)) || !(end = strrchr(text, ')')) ||
	    sscanf(end + 1,
		   " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
		   "%" SCNu64,
		   &root.begun) != 1)
		root.begun = 0;
	return root;
}

static void take_process(pid_t pid, void *arg)
{
	struct target_group *g = arg;

	if (g->n_pids < FIRST_MAX)
		g->pids[g->n_pids++] = pid;
}

static int wait_for(const struct target_group *g, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events };

	return epoll_ctl(g->readable, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int open_cgroup(struct target_group *g, const struct opts *o, char **msg)
{
	int err = cgroup_find(o->kind, o->group, &g->who.cgroup, msg);

	if (err)
		return err;
	if (asprintf(&g->name, "%s %s", o->kind, o->group) < 0)
		return -ENOMEM;
	g->watch = cgroup_watch(&g->who.cgroup);
	if (g->watch >= 0 && !cgroup_empty(g->watch))
		cgroup_processes(&g->who.cgroup, take_process, g);
	if (!g->n_pids)
		return fail(msg, ESRCH, "%s: no process is in it now: start it first", g->name);
	return wait_for(g, g->watch, EPOLLPRI);
}

static int open_processes(struct target_group *g, const struct opts *o, char **msg)
{
	size_t size;
	FILE *name = open_memstream(&g->name, &size);
	int err = name ? 0 : -ENOMEM;

	for (int i = 0; i < o->n_pids && !err; i++) {
		pid_t pid = o->pids[i];

		fprintf(name, "%s%d", i ? ", " : "processes ", (int)pid);
		g->ends[i] = pidfd_open(pid, 0);
		g->who.roots[g->who.n_roots++] = root_of(pid);
		if (g->ends[i] < 0 || !g->who.roots[i].begun)
			err = fail(msg, ESRCH, "no process %d: 'ps -e' shows which there are",
				   (int)pid);
		else
			err = wait_for(g, g->ends[i], EPOLLIN);
		take_process(pid, g);
	}
	return name && fclose(name) ? -ENOMEM : err;
}

int group_open(struct target_group *g, const struct opts *o, char **msg)
{
	int err;

	*g = (struct target_group){ .watch = -1, .readable = epoll_create1(EPOLL_CLOEXEC) };
	for (int i = 0; i < OPTS_PIDS; i++)
		g->ends[i] = -1;
	g->pids = calloc(FIRST_MAX, sizeof(*g->pids));
	if (g->readable < 0 || !g->pids)
		return -ENOMEM;
	err = o->group ? open_cgroup(g, o, msg) : open_processes(g, o, msg);
	return err ? fail(msg, -err, "%s: %s", g->name ? g->name : o->group, strerror(-err)) : 0;
}

void group_close(struct target_group *g)
{
	for (int i = 0; i < g->who.n_roots; i++) {
		if (g->ends[i] >= 0)
			close(g->ends[i]);
	}
	if (g->watch >= 0)
		close(g->watch);
	if (g->readable >= 0)
		close(g->readable);
	free(g->name);
	free(g->pids);
	*g = (struct target_group){ .watch = -1, .readable = -1 };
}

static bool all_ended(struct target_group *g)
{
	bool ended = true;

	for (int i = 0; i < g->who.n_roots; i++) {
		struct pollfd fd = { .fd = g->ends[i], .events = POLLIN };

		if (fd.fd >= 0 && poll(&fd, 1, 0) > 0) {
			/* others that were forked may have it, too */
			epoll_ctl(g->readable, EPOLL_CTL_DEL, fd.fd, NULL);
			close(fd.fd);
			g->ends[i] = -1;
		}
		ended &= g->ends[i] < 0;
	}
	return ended;
}

bool group_gone(struct target_group *g)
{
	struct pollfd fd = { .fd = g->readable, .events = POLLIN };

	if (!g->gone && poll(&fd, 1, 0) > 0)
		g->gone = g->who.cgroup.id ? cgroup_empty(g->watch) : all_ended(g);
	return g->gone;
}
