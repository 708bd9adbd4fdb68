// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How full the file systems are: proc_pid_mountinfo(5) says which there are, fstatvfs(3)
 * how full. To ask about a file system whose server is dead never returns, and neither
 * does to pass over it on the way to another one: so only those are asked that have a
 * device, or are the kernel's own memory, and lie below no other kind.
 *
 * A mount that another one covers cannot be asked: what its path leads to has another
 * mount's number (fdinfo). One file system at several places is shown at one of them.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "collect/host_read.h"
#include "model/escape.h"

#define MOUNTS 4096 /* looked at */
#define SHOWN 64    /* shown */

/* How a file system answers. */
enum manner { MANNER_ASKED, MANNER_PSEUDO, MANNER_WAITS };

struct mount {
	long id, parent;
	char *device, *path, *type, *source; /* device: its number */
	bool read_only;
	enum manner manner;
};

struct mounts {
	struct mount list[MOUNTS];
	int n, more; /* more: had no place */
};

/* Without a device, and asked all the same: they wait for nobody. */
static const char *const asked[] = { "tmpfs", "zfs", "ubifs", "bcachefs" };

/* With a device, and not asked: shared by machines, or served by a program. */
static const char *const shared[] = { "fuseblk", "gfs2", "ocfs2" };

/* These have no space that could run out; images are always full. */
static const char *const pseudo[] = {
	"proc",      "sysfs",     "devtmpfs",   "devpts", "cgroup",      "cgroup2",
	"mqueue",    "debugfs",   "tracefs",    "pstore", "bpf",         "securityfs",
	"configfs",  "hugetlbfs", "rpc_pipefs", "nsfs",   "binfmt_misc", "efivarfs",
	"selinuxfs", "smackfs",   "fusectl",    "ramfs",  "rootfs",      "overlay",
	"squashfs",  "erofs",     "iso9660",    "cramfs", "romfs",       "sockfs",
	"pipefs",    "resctrl",   "functionfs", "nfsd",   "dax",         "secretmem",
};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static bool among(const char *word, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(word, list[i]))
			return true;
	}
	return false;
}

/* A line of /proc/filesystems: a type that has a device; "nodev" stands before others. */
static bool device_match(const char *line, void *arg)
{
	const char *type = arg;
	size_t len = strlen(type);

	return line[0] == '\t' && !strncmp(line + 1, type, len) && line[1 + len] == '\n';
}

static enum manner manner_of(const struct look *l, const struct mount *m)
{
	char type[64];

	/* Of a container it is all there is; its layers are on a file system with a device. */
	if (!strcmp(m->type, "overlay") && !strcmp(m->path, "/"))
		return MANNER_ASKED;
	if (among(m->type, pseudo, COUNT(pseudo)))
		return MANNER_PSEUDO;
	if (among(m->type, asked, COUNT(asked)))
		return MANNER_ASKED;
	snprintf(type, sizeof(type), "%s", m->type);
	if (!among(type, shared, COUNT(shared)) &&
	    look_line(l, "/proc/filesystems", device_match, type))
		return MANNER_ASKED;
	return MANNER_WAITS;
}

static bool is_octal(const char *s)
{
	return s[0] >= '0' && s[0] < '4' && s[1] >= '0' && s[1] < '8' && s[2] >= '0' && s[2] < '8';
}

/* Undoes \040 and the like, in place. */
static char *plain(char *s)
{
	char *from = s, *to = s;

	while (*from) {
		if (*from == '\\' && is_octal(from + 1)) {
			*to++ = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 |
				       (from[3] - '0'));
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
	return s;
}

/* ID PARENT MAJOR:MINOR ROOT PATH OPTIONS [TAG...] - TYPE SOURCE OPTIONS */
static bool take_line(char *line, struct mount *m)
{
	char *id = strsep(&line, " "), *parent = strsep(&line, " "), *word;

	m->device = strsep(&line, " ");
	strsep(&line, " ");
	m->path = strsep(&line, " ");
	word = strsep(&line, " ");
	if (!word)
		return false;
	m->read_only = !strncmp(word, "ro", 2) && (word[2] == ',' || !word[2]);
	m->id = atol(id);
	m->parent = atol(parent);
	while ((word = strsep(&line, " ")) && strcmp(word, "-"))
		;
	m->type = strsep(&line, " ");
	m->source = strsep(&line, " ");
	word = strsep(&line, " \n");
	if (!m->source || !word)
		return false;
	m->read_only |= !strncmp(word, "ro", 2) && (word[2] == ',' || !word[2]);
	m->device = strdup(m->device);
	m->path = strdup(plain(m->path));
	m->type = strdup(m->type);
	m->source = strdup(plain(m->source));
	return m->device && m->path && m->type && m->source;
}

static void mounts_free(struct mounts *all)
{
	for (int i = 0; i < all->n; i++) {
		free(all->list[i].device);
		free(all->list[i].path);
		free(all->list[i].type);
		free(all->list[i].source);
	}
	free(all);
}

/* NULL: they cannot be read. */
static struct mounts *mounts_read(const struct look *l)
{
	char path[PATH_MAX], *line = NULL;
	FILE *f = fopen(look_path(l, "/proc/self/mountinfo", path), "re");
	struct mounts *all = f ? calloc(1, sizeof(*all)) : NULL;
	size_t size = 0;

	while (all && getline(&line, &size, f) > 0) {
		struct mount *m = &all->list[all->n];

		if (all->n == MOUNTS)
			all->more++;
		else if (take_line(line, m))
			all->n++, m->manner = manner_of(l, m);
	}
	free(line);
	if (f)
		fclose(f);
	return all;
}

/* Whether the way to it leads over one that may keep us waiting. */
static bool waits(const struct mounts *all, const struct mount *m)
{
	for (int depth = 0; m && depth < MOUNTS; depth++) {
		const struct mount *above = NULL;

		if (m->manner == MANNER_WAITS)
			return true;
		for (int i = 0; i < all->n && !above; i++) {
			if (all->list[i].id == m->parent && m->parent != m->id)
				above = &all->list[i];
		}
		m = above;
	}
	return false;
}

/* The number of the mount that fd is on; -1: it is not known. */
static long mount_of(int fd)
{
	char path[64], line[128];
	long id = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "re");
	while (f && id < 0 && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "mnt_id: %ld", &id) != 1)
			id = -1;
	}
	if (f)
		fclose(f);
	return id;
}

/* Blocks and the like in bytes; what a file system says need not be true. */
static int64_t bytes(uint64_t blocks, uint64_t size)
{
	if (size && blocks > INT64_MAX / size)
		return INT64_MAX;
	return (int64_t)(blocks * size);
}

/* False: this mount is not what its path leads to. */
static bool space_line(FILE *f, const struct mount *m)
{
	int fd = open(m->path, O_PATH | O_CLOEXEC | O_NOFOLLOW);
	struct statvfs s;
	bool good = fd >= 0 && mount_of(fd) == m->id && !fstatvfs(fd, &s);

	if (fd >= 0)
		close(fd);
	if (!good || !s.f_blocks)
		return false;
	fputs("space", f);
	escape_field_cut(f, m->path);
	escape_field_cut(f, m->source);
	escape_field_cut(f, m->type);
	/* A file system without inodes of its own says that it has 0. */
	fprintf(f, "\t%d\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\n",
		m->read_only, bytes(s.f_blocks, s.f_frsize), bytes(s.f_bfree, s.f_frsize),
		bytes(s.f_bavail, s.f_frsize), s.f_files ? bytes(s.f_files, 1) : -1,
		s.f_files ? bytes(s.f_ffree, 1) : -1);
	return true;
}

static int by_path(const void *a, const void *b)
{
	const struct mount *const *m = a, *const *n = b;
	size_t one = strlen((*m)->path), two = strlen((*n)->path);

	return one != two ? (one > two) - (one < two) : strcmp((*m)->path, (*n)->path);
}

static bool is_shown(const struct mount *const *shown, int n, const struct mount *m)
{
	for (int i = 0; i < n; i++) {
		if (!strcmp(shown[i]->device, m->device))
			return true;
	}
	return false;
}

void host_space_lines(FILE *f, const struct look *l)
{
	const struct mount *shown[SHOWN], **order;
	int n = 0, n_order = 0, waiting = 0, without = 0, again = 0;
	struct mounts *all = mounts_read(l);

	order = all ? calloc((size_t)all->n + 1, sizeof(*order)) : NULL;
	for (int i = 0; order && i < all->n; i++) {
		const struct mount *m = &all->list[i];

		if (m->manner == MANNER_PSEUDO)
			without++;
		else if (waits(all, m))
			waiting++;
		else
			order[n_order++] = m;
	}
	if (order)
		qsort(order, (size_t)n_order, sizeof(*order), by_path);
	for (int i = 0; order && i < n_order; i++) {
		if (is_shown(shown, n, order[i]))
			again++;
		else if (n == SHOWN)
			all->more++;
		else if (space_line(f, order[i]))
			shown[n++] = order[i];
		else
			again++;
	}
	if (order)
		fprintf(f, "mounts\t%d\t%d\t%d\t%d\t%d\n", n, waiting, without, again, all->more);
	free(order);
	if (all)
		mounts_free(all);
}
