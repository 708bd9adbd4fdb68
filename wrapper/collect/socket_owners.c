// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/socket_owners.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool add(struct owners *o, uint64_t inode, pid_t pid)
{
	if (o->n == o->room) {
		size_t room = o->room ? 2 * o->room : 256;
		struct owner *more =
			o->n < OWNERS_MAX ? reallocarray(o->list, room, sizeof(*more)) : NULL;

		if (!more)
			return false;
		o->list = more;
		o->room = room;
	}
	o->list[o->n++] = (struct owner){ .inode = inode, .pid = pid, .processes = 1 };
	return true;
}

/* Of a link to "KIND:[INODE]"; kind: with the colon and the bracket. */
static bool link_inode(int dir, const char *name, const char *kind, uint64_t *inode)
{
	size_t len = strlen(kind);
	char text[64], *end;
	ssize_t n = readlinkat(dir, name, text, sizeof(text) - 1);

	if (n <= (ssize_t)len || strncmp(text, kind, len) != 0)
		return false;
	text[n] = '\0';
	*inode = strtoull(text + len, &end, 10);
	return *end == ']';
}

static void net_add(struct owners *o, pid_t pid)
{
	char path[64];
	uint64_t inode;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	if (!link_inode(AT_FDCWD, path, "net:[", &inode))
		return;
	for (int i = 0; i < o->n_nets; i++) {
		if (o->nets[i].inode == inode)
			return;
	}
	if (o->n_nets == OWNERS_NETS)
		o->unseen++;
	else
		o->nets[o->n_nets++] = (struct owners_net){ .inode = inode, .pid = pid };
}

static void look_at(struct owners *o, pid_t pid)
{
	struct dirent *entry;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	if (!dir) {
		o->unread += errno == EACCES || errno == EPERM;
		return;
	}
	net_add(o, pid);
	while ((entry = readdir(dir))) {
		uint64_t inode;

		if (entry->d_name[0] != '.' &&
		    link_inode(dirfd(dir), entry->d_name, "socket:[", &inode))
			o->unseen += !add(o, inode, pid);
	}
	closedir(dir);
}

static int by_inode(const void *a, const void *b)
{
	const struct owner *x = a, *y = b;

	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

/* One for each socket; a process may have it twice. */
static void fold(struct owners *o)
{
	size_t n = 0;
	pid_t last = 0;

	if (o->n)
		qsort(o->list, o->n, sizeof(*o->list), by_inode);
	for (size_t i = 0; i < o->n; i++) {
		if (n && o->list[n - 1].inode == o->list[i].inode) {
			o->list[n - 1].processes += o->list[i].pid != last;
			last = o->list[i].pid;
			continue;
		}
		last = o->list[i].pid;
		o->list[n++] = o->list[i];
	}
	o->n = n;
}

void owners_look(struct owners *o, const struct processes *p)
{
	o->n = 0;
	o->n_nets = 0;
	o->unread = o->unseen = 0;
	for (size_t i = 0; i < p->n; i++)
		look_at(o, p->list[i]);
	fold(o);
}

struct owner *owners_find(const struct owners *o, uint64_t inode)
{
	size_t low = 0, high = o->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (o->list[middle].inode == inode)
			return &o->list[middle];
		if (o->list[middle].inode < inode)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

void owners_free(struct owners *o)
{
	free(o->list);
	*o = (struct owners){ 0 };
}
