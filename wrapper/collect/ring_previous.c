// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The file is found among the process's mappings: it is shared, writable, and begins like
 * a ring. Those of earlier runs have its name and a number; where a later run has moved
 * the process's own file on, its name ends in a number, too.
 */
#include "collect/ring_previous.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "collect/ring_read.h"
#include "model/escape.h"

#define LINES_MAX 65536 /* of /proc/PID/maps */

struct files {
	int root;    /* the process's root directory; -1: not open */
	uid_t owner; /* of the ring that the process has mapped */
};

/*
 * The process chose the name, and its user can put anything there: what is opened is a
 * regular file, without a link on the way to it. Returns the file descriptor, or -errno.
 */
static int open_plain(const struct files *f, const char *path, struct stat *st)
{
	struct open_how how = { .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
				.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS };
	int place = (int)syscall(SYS_openat2, f->root, path, &how, sizeof(how)), fd;
	char name[32];

	if (place < 0)
		return -errno;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", place);
	fd = fstat(place, st)        ? -errno
	     : !S_ISREG(st->st_mode) ? -ENODEV
				     : open(name, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		fd = -errno;
	close(place);
	return fd;
}

/* An earlier run's file; it must be the same user's. */
static int open_earlier(const struct files *f, const char *path)
{
	struct stat st;
	int fd = open_plain(f, path, &st);

	if (fd >= 0 && st.st_uid != f->owner) {
		close(fd);
		return -EPERM;
	}
	return fd;
}

/* The file at path is the one that is mapped, and begins like a ring. */
static bool is_ring(struct files *f, const char *path, uint64_t inode)
{
	struct stat st = { 0 };
	int fd = open_plain(f, path, &st);
	char bytes[16];
	bool good = fd >= 0 && st.st_ino == inode &&
		    read(fd, bytes, sizeof(bytes)) == sizeof(bytes) &&
		    ring_present(bytes, sizeof(bytes));

	if (fd >= 0)
		close(fd);
	f->owner = st.st_uid;
	return good;
}

/* The path of the file of the process's ring, as the process sees it. False: it has none. */
static bool find_file(struct files *files, int pid, char out[PATH_MAX])
{
	char name[32], *line = NULL, perms[8];
	bool found = false;
	uint64_t inode;
	size_t size = 0;
	FILE *f;
	int at;

	snprintf(name, sizeof(name), "/proc/%d/maps", pid);
	f = fopen(name, "re");
	for (int n = 0; f && !found && n < LINES_MAX && getline(&line, &size, f) > 0; n++) {
		line[strcspn(line, "\n")] = '\0';
		if (sscanf(line, "%*s %7s %*s %*s %" SCNu64 " %n", perms, &inode, &at) != 2 ||
		    strcmp(perms, "rw-s") != 0 || line[at] != '/')
			continue;
		if (snprintf(out, PATH_MAX, "%s", line + at) < PATH_MAX - 3)
			found = is_ring(files, out, inode);
	}
	if (f)
		fclose(f);
	free(line);
	return found;
}

/* The reason it gave, if it gave one as its last word; otherwise its last line. */
static void write_run(FILE *f, int number, const struct ring *r)
{
	const struct ring_line *last = NULL, *start = NULL;
	size_t n = r->n_lines[RING_LOG];

	if (n)
		last = &r->lines[RING_LOG][n - 1];
	for (size_t i = 0; i < r->n_lines[RING_ABOUT]; i++) {
		if (r->lines[RING_ABOUT][i].kind == RING_KIND_START)
			start = &r->lines[RING_ABOUT][i];
	}
	fprintf(f, "run\t%d\t%d\t%" PRId64 "\t%" PRId64 "\t%d", number, r->pid, r->start_ns,
		last ? last->time_ns : r->start_ns, last && last->kind == RING_KIND_STOP);
	escape_field(f, start ? start->texts[0] : "");
	escape_field(f, last ? last->texts[0] : "");
	escape_field(f, last && last->kind == RING_KIND_ERROR ? last->texts[1] : "");
	fputc('\n', f);
}

/* The files of earlier runs: the name and a number. */
static void write_runs(FILE *f, const struct files *files, char base[PATH_MAX])
{
	char path[PATH_MAX + 12];
	size_t len = strlen(base);
	int first = 1, number = 0, fd;

	snprintf(path, sizeof(path), "%s.1", base);
	fd = open_earlier(files, path);
	if (fd >= 0) {
		close(fd);
	} else if (base[len - 2] == '.' && base[len - 1] >= '1' &&
		   base[len - 1] <= '0' + RING_EARLIER) {
		first = base[len - 1] - '0' + 1;
		base[len - 2] = '\0';
	}
	for (int i = first; i <= RING_EARLIER; i++) {
		struct ring r;

		snprintf(path, sizeof(path), "%s.%d", base, i);
		if (ring_read_open(&r, open_earlier(files, path), path, NULL))
			continue;
		write_run(f, ++number, &r);
		ring_free(&r);
	}
}

char *ring_earlier(int pid)
{
	char base[PATH_MAX], root[32], *lines = NULL;
	struct files files;
	size_t size;
	FILE *f = open_memstream(&lines, &size);

	if (!f)
		return NULL;
	snprintf(root, sizeof(root), "/proc/%d/root", pid);
	files.root = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (files.root >= 0 && find_file(&files, pid, base))
		write_runs(f, &files, base);
	if (files.root >= 0)
		close(files.root);
	if (fclose(f))
		return NULL;
	return lines;
}
