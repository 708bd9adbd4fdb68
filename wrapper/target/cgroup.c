// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sources: the kernel's admin-guide/cgroup-v2.rst (cgroup.procs, cgroup.events); systemd's
 * src/basic/cgroup-util.c (cg_escape) and docs/CGROUP_DELEGATION.md; the names that container
 * engines give: docker-ID.scope, libpod-ID.scope, crio-ID.scope, cri-containerd-ID.scope,
 * nerdctl-ID.scope, or the ID alone where they do without systemd.
 */
#include "target/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"

#define DEPTH_MAX 64
#define FOLDERS_MAX 65536 /* that a search looks at */
#define UNIT_MAX 255      /* systemd's UNIT_NAME_MAX */
#define ID_DIGITS 64
#define HEX "0123456789abcdef"

static bool begins(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

static bool ends(const char *s, const char *with)
{
	size_t n = strlen(s), m = strlen(with);

	return n > m && !strcmp(s + n - m, with);
}

static int find_mount(char out[PATH_MAX], char **msg)
{
	FILE *f = setmntent("/proc/self/mounts", "re");
	struct mntent *m;
	bool found = false;

	while (f && !found && (m = getmntent(f)))
		found = !strcmp(m->mnt_type, "cgroup2") &&
			snprintf(out, PATH_MAX, "%s", m->mnt_dir) < PATH_MAX;
	if (f)
		endmntent(f);
	return found ? 0
		     : fail(msg, ESRCH,
			    "no cgroup file system of version 2 is mounted here: mount it ('mount "
			    "-t cgroup2 none /sys/fs/cgroup'), or name processes (-p)");
}

static int set(struct cgroup *g, const char *path)
{
	struct stat st;

	if (stat(path, &st) || !S_ISDIR(st.st_mode))
		return -ENOENT;
	if (path != g->path)
		snprintf(g->path, sizeof(g->path), "%s", path);
	g->id = st.st_ino;
	return 0;
}

static bool has_dots(const char *path)
{
	for (const char *at = path; (at = strstr(at, "/..")); at += 3) {
		if (!at[3] || at[3] == '/')
			return true;
	}
	return false;
}

static int find_path(const char *mount, const char *name, struct cgroup *g, char **msg)
{
	size_t len = strlen(mount);
	const char *below = name;

	if (begins(name, mount) && (name[len] == '/' || !name[len]))
		below += len;
	if (*name != '/' || has_dots(name))
		return fail(msg, EINVAL,
			    "--cgroup %s: not a path from / on, without '..': /proc/PID/cgroup has "
			    "it behind '0::'",
			    name);
	if (!below[strspn(below, "/")])
		return fail(msg, EINVAL,
			    "--cgroup %s: that is all processes of the host: name one below it",
			    name);
	if (snprintf(g->path, sizeof(g->path), "%s%s", mount, below) >= (int)sizeof(g->path) ||
	    set(g, g->path))
		return fail(msg, ESRCH,
			    "no cgroup %s below %s: /proc/PID/cgroup has a process's behind '0::'",
			    below, mount);
	return 0;
}

/* A search for a cgroup: its name, and the cgroups found. */
struct search {
	const char *name;
	bool container;
	int left; /* folders that may still be looked at */
	int found;
	struct cgroup *first;
	char second[PATH_MAX];
};

/* Whether a folder is a container's; if so, of which ID it is. */
static const char *id_of(const char *name)
{
	static const char *const engines[] = { "docker-", "libpod-", "crio-", "cri-containerd-",
					       "nerdctl-" };
	const char *id = name, *end;

	for (size_t i = 0; i < sizeof(engines) / sizeof(engines[0]); i++) {
		if (begins(name, engines[i]))
			id = name + strlen(engines[i]);
	}
	end = id + strspn(id, HEX);
	return end - id == ID_DIGITS && (!*end || !strcmp(end, ".scope")) ? id : NULL;
}

/* Calls fn for each folder in this one, until it is not to be gone on with. */
static void look_below(struct search *s, const char *path, int depth)
{
	char below[PATH_MAX];
	struct dirent *entry;
	DIR *dir = depth < DEPTH_MAX ? opendir(path) : NULL;

	while (dir && s->left > 0 && (entry = readdir(dir))) {
		const char *id = s->container ? id_of(entry->d_name) : NULL;

		if (entry->d_type != DT_DIR || *entry->d_name == '.' ||
		    snprintf(below, sizeof(below), "%s/%s", path, entry->d_name) >=
			    (int)sizeof(below))
			continue;
		s->left--;
		if (s->container ? id && begins(id, s->name) : !strcmp(entry->d_name, s->name)) {
			if (!s->found && set(s->first, below))
				continue; /* it has just been removed */
			if (s->found++ == 1)
				snprintf(s->second, sizeof(s->second), "%s", below);
		} else if (s->container ? !id : ends(entry->d_name, ".slice")) {
			look_below(s, below, depth + 1);
		}
	}
	if (dir)
		closedir(dir);
}

static int search(struct search *s, const char *kind, const char *given, const char *mount,
		  char **msg)
{
	size_t len = strlen(mount);

	s->left = FOLDERS_MAX;
	look_below(s, mount, 0);
	if (s->found == 1)
		return 0;
	s->first->id = 0;
	if (s->found)
		return fail(msg, ENOTUNIQ,
			    "--%s %s: %d have that name, such as %s and %s: name one (--cgroup)",
			    kind, given, s->found, s->first->path + len, s->second + len);
	return fail(msg, ESRCH, "no %s %s has a cgroup below %s: %s", kind, given, mount,
		    s->container ? "is it running? 'docker ps', 'podman ps' and 'crictl ps' show "
				   "the IDs"
				 : "is it running? 'systemctl status' shows it; of a user's unit, "
				   "give the cgroup (--cgroup) that 'systemctl --user show -p "
				   "ControlGroup' shows");
}

/* As systemd does, where a cgroup must not have the unit's name (cg_needs_escape). */
static bool is_escaped(const char *unit)
{
	static const char *const controllers[] = { "cgroup.", "cpu.",     "cpuacct.", "cpuset.",
						   "io.",     "blkio.",   "memory.",  "devices.",
						   "pids.",   "hugetlb.", "rdma.",    "misc." };

	for (size_t i = 0; i < sizeof(controllers) / sizeof(controllers[0]); i++) {
		if (begins(unit, controllers[i]))
			return true;
	}
	return *unit == '_' || *unit == '.';
}

static int find_unit(const char *mount, const char *unit, struct cgroup *g, char **msg)
{
	char name[UNIT_MAX + 20];
	struct search s = { .name = name, .first = g };
	size_t len = strlen(unit);

	if (!len || len > UNIT_MAX ||
	    strspn(unit, "abcdefghijklmnopqrstuvwxyz"
			 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			 "0123456789:-_.\\@") != len)
		return fail(msg, EINVAL,
			    "--unit %s: not a unit's name: 'systemctl list-units' shows them",
			    unit);
	snprintf(name, sizeof(name), "%s%s%s", is_escaped(unit) ? "_" : "", unit,
		 ends(unit, ".service") || ends(unit, ".scope") || ends(unit, ".slice") ||
				 ends(unit, ".socket") || ends(unit, ".mount") ||
				 ends(unit, ".swap")
			 ? ""
			 : ".service");
	return search(&s, "unit", unit, mount, msg);
}

static int find_container(const char *mount, const char *id, struct cgroup *g, char **msg)
{
	struct search s = { .name = id, .container = true, .first = g };
	size_t len = strlen(id);

	if (!len || len > ID_DIGITS || strspn(id, HEX) != len)
		return fail(msg, EINVAL,
			    "--container %s: not an ID of up to %d digits (0 to 9, a to f): "
			    "'docker ps', 'podman ps' and 'crictl ps' show the IDs",
			    id, ID_DIGITS);
	return search(&s, "container", id, mount, msg);
}

int cgroup_find(const char *kind, const char *name, struct cgroup *g, char **msg)
{
	char mount[PATH_MAX];
	int err = find_mount(mount, msg);

	g->id = 0;
	if (err)
		return err;
	return !strcmp(kind, "unit")     ? find_unit(mount, name, g, msg)
	       : !strcmp(kind, "cgroup") ? find_path(mount, name, g, msg)
					 : find_container(mount, name, g, msg);
}

/* Takes over dir, the cgroup's folder. */
static void list_below(int dir, int depth, int *left, cgroup_process_fn *fn, void *arg)
{
	int procs = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC), pid;
	FILE *f = procs < 0 ? NULL : fdopen(procs, "r");
	DIR *folder = fdopendir(dir);
	struct dirent *entry;

	while (f && fscanf(f, "%d", &pid) == 1) {
		if (pid > 0) /* 0: of another PID namespace */
			fn(pid, arg);
	}
	if (f)
		fclose(f);
	while (folder && *left > 0 && depth < DEPTH_MAX && (entry = readdir(folder))) {
		int below;

		if (entry->d_type != DT_DIR || *entry->d_name == '.')
			continue;
		--*left;
		below = openat(dir, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (below >= 0)
			list_below(below, depth + 1, left, fn, arg);
	}
	if (folder)
		closedir(folder);
	else
		close(dir);
}

/* Opens its folder; -1: another one has its place. */
static int open_folder(const struct cgroup *g)
{
	int dir = open(g->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (dir < 0 || (!fstat(dir, &st) && st.st_ino == g->id))
		return dir;
	close(dir);
	return -1;
}

void cgroup_processes(const struct cgroup *g, cgroup_process_fn *fn, void *arg)
{
	int dir = open_folder(g), left = FOLDERS_MAX;

	if (dir >= 0)
		list_below(dir, 0, &left, fn, arg);
}

int cgroup_watch(const struct cgroup *g)
{
	int dir = open_folder(g), fd;

	if (dir < 0)
		return -ESRCH;
	fd = openat(dir, "cgroup.events", O_RDONLY | O_CLOEXEC);
	fd = fd < 0 ? -errno : fd;
	close(dir);
	return fd;
}

bool cgroup_empty(int watch)
{
	char text[256];
	ssize_t n = pread(watch, text, sizeof(text) - 1, 0);

	text[n < 0 ? 0 : n] = '\0';
	return !strstr(text, "populated 1");
}
