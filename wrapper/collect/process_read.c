// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Source: proc(5). What the kernel does not say, or not to this user, is -1.
 */
#include "collect/process_read.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "model/escape.h"

#define FILES_COUNTED 1048576 /* more descriptors are not counted, and their number not known */
#define COMMAND_MAX 1024      /* bytes that are read of it */

enum { COUNTER_USER, COUNTER_SYSTEM, COUNTER_MAJOR };

struct process {
	pid_t pid;
	char name[80], state;
	int64_t parent, major, user, system, threads;
	uint64_t begun;
	int64_t rss, swap, files, files_limit, score, adjust;
};

static int64_t tick_ns(void)
{
	return 1000000000 / sysconf(_SC_CLK_TCK);
}

/* False: there is no such process. */
static bool stat_read(const struct look *l, struct process *p)
{
	char path[64], text[2048], *name, *end;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)p->pid);
	if (look_text(l, path, text, sizeof(text)) || !(name = strchr(text, '(')) ||
	    !(end = strrchr(text, ')')) || end < name)
		return false;
	*end = '\0';
	snprintf(p->name, sizeof(p->name), "%s", name + 1);
	return sscanf(end + 1,
		      " %c %" SCNd64 " %*s %*s %*s %*s %*s %*s %*s %" SCNd64 " %*s %" SCNd64
		      " %" SCNd64 " %*s %*s %*s %*s %" SCNd64 " %*s %" SCNu64,
		      &p->state, &p->parent, &p->major, &p->user, &p->system, &p->threads,
		      &p->begun) == 7;
}

/* A line "KEY: N kB" in bytes. */
static bool status_match(const char *line, void *arg)
{
	struct process *p = arg;
	int64_t kb;

	if (sscanf(line, "VmRSS: %" SCNd64 " kB", &kb) == 1 && kb >= 0 && kb < INT64_MAX / 1024)
		p->rss = kb * 1024;
	if (sscanf(line, "VmSwap: %" SCNd64 " kB", &kb) == 1 && kb >= 0 && kb < INT64_MAX / 1024)
		p->swap = kb * 1024;
	return false;
}

/* The soft limit; -2: there is none. */
static bool limits_match(const char *line, void *arg)
{
	static const char head[] = "Max open files ";
	struct process *p = arg;
	char word[32];

	if (strncmp(line, head, sizeof(head) - 1) != 0 ||
	    sscanf(line + sizeof(head) - 1, "%31s", word) != 1)
		return false;
	if (!strcmp(word, "unlimited"))
		p->files_limit = -2;
	else if (sscanf(word, "%" SCNd64, &p->files_limit) != 1)
		p->files_limit = -1;
	return true;
}

/* The kernel says how many from 6.2 on (commit f1f1f2569901); else they are counted. */
static int64_t files_count(const struct look *l, pid_t pid)
{
	char name[64], path[PATH_MAX];
	struct dirent *entry;
	struct statfs fs;
	struct stat st;
	int64_t n = 0;
	DIR *dir;

	snprintf(name, sizeof(name), "/proc/%d/fd", (int)pid);
	dir = opendir(look_path(l, name, path));
	if (!dir)
		return -1;
	if (!fstat(dirfd(dir), &st) && st.st_size > 0 && !fstatfs(dirfd(dir), &fs) &&
	    fs.f_type == PROC_SUPER_MAGIC) {
		closedir(dir);
		return st.st_size;
	}
	errno = 0;
	while (n <= FILES_COUNTED && (entry = readdir(dir)))
		n += entry->d_name[0] != '.';
	if (errno || n > FILES_COUNTED)
		n = -1;
	closedir(dir);
	return n;
}

static int64_t number_of(const struct look *l, pid_t pid, const char *file, int64_t unknown)
{
	char path[64], text[64];
	int64_t n;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	return !look_text(l, path, text, sizeof(text)) && sscanf(text, "%" SCNd64, &n) == 1
		       ? n
		       : unknown;
}

/* The command line, or as much as is shown of it, with spaces between its words. */
static void command_read(const struct look *l, pid_t pid, char *out, size_t size)
{
	char name[64], path[PATH_MAX];
	ssize_t n;
	int fd;

	snprintf(name, sizeof(name), "/proc/%d/cmdline", (int)pid);
	fd = open(look_path(l, name, path), O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, out, size - 1);
	if (fd >= 0)
		close(fd);
	for (n = n < 0 ? 0 : n; n > 0 && !out[n - 1];)
		n--;
	for (ssize_t i = 0; i < n; i++) {
		if (!out[i])
			out[i] = ' ';
	}
	out[n] = '\0';
}

static int by_pid(const void *a, const void *b)
{
	const struct process_known *x = a, *y = b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return x->begun < y->begun ? -1 : x->begun > y->begun;
}

/* A process's number in the records; 0: no memory. */
static int64_t id_of(struct process_source *s, size_t n_old, const struct process *p)
{
	struct process_known wanted = {
		.pid = p->pid, .begun = p->begun, .id = s->ids + 1, .look = s->look
	};
	struct process_known *old =
		n_old ? bsearch(&wanted, s->known, n_old, sizeof(wanted), by_pid) : NULL;

	if (old) {
		old->look = s->look;
		return old->id;
	}
	if (s->n_known == s->room) {
		size_t room = s->room ? 2 * s->room : 64;
		struct process_known *more = reallocarray(s->known, room, sizeof(*more));

		if (!more)
			return 0;
		s->known = more;
		s->room = room;
	}
	s->known[s->n_known++] = wanted;
	return ++s->ids;
}

static void forget(struct process_source *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_known; i++) {
		if (s->known[i].look == s->look)
			s->known[n++] = s->known[i];
	}
	s->n_known = n;
	if (n)
		qsort(s->known, n, sizeof(*s->known), by_pid);
}

static int64_t children_of(const struct processes *all, pid_t pid)
{
	int64_t n = 0;

	for (size_t i = 0; i < all->n; i++)
		n += all->parent[i] == pid;
	return n;
}

/* The time of a process that began since the last look belongs to the watch as a whole. */
static void ran_line(FILE *f, struct process_source *s, int64_t id, const struct process *p)
{
	bool is_young = s->looked_ns && ((int64_t)p->begun + 1) * tick_ns() > s->looked_ns;
	int64_t (*grown)(struct since_seen *, int64_t, int, int64_t) =
		is_young ? since_begun : since_seen;

	fprintf(f, "ran\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\n", id,
		grown(&s->since, id, COUNTER_USER, p->user * tick_ns()),
		grown(&s->since, id, COUNTER_SYSTEM, p->system * tick_ns()),
		grown(&s->since, id, COUNTER_MAJOR, p->major));
}

static void process_line(FILE *f, struct process_source *s, const struct look *l, struct process *p,
			 int64_t id, int64_t children)
{
	char path[64], command[COMMAND_MAX], state[2] = { p->state, '\0' };
	int64_t now = clock_ns(CLOCK_BOOTTIME), begun = (int64_t)p->begun * tick_ns(), cgroup;

	p->rss = p->swap = p->files_limit = -1;
	snprintf(path, sizeof(path), "/proc/%d/status", (int)p->pid);
	look_line(l, path, status_match, p);
	snprintf(path, sizeof(path), "/proc/%d/limits", (int)p->pid);
	look_line(l, path, limits_match, p);
	p->files = files_count(l, p->pid);
	/* Of a process that ends meanwhile the score is not known, and then neither is the other.
	 */
	p->adjust = number_of(l, p->pid, "oom_score_adj", 0);
	p->score = number_of(l, p->pid, "oom_score", -1);
	command_read(l, p->pid, command, sizeof(command));
	cgroup = process_cgroups_of(&s->cgroups, l, p->pid, f);
	fprintf(f, "proc\t%" PRId64 "\t%d\t%" PRId64, id, (int)p->pid, p->parent);
	escape_field_cut(f, p->name);
	escape_field_cut(f, command);
	escape_field_cut(f, state);
	fprintf(f,
		"\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64
		"\t%" PRId64 "\t%" PRId64 "\n",
		now > begun ? now - begun : 0, p->threads, children, p->files, p->files_limit,
		p->score, p->adjust, cgroup);
	fprintf(f, "resident\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\n", id, p->rss, p->swap);
	ran_line(f, s, id, p);
}

void process_lines(FILE *f, struct process_source *s, const struct look *l,
		   const struct processes *p)
{
	size_t n_old = s->n_known;
	int64_t now = clock_ns(CLOCK_BOOTTIME);

	s->look++;
	process_cgroups_begin(&s->cgroups, l);
	for (size_t i = 0; i < p->n; i++) {
		struct process one = { .pid = p->list[i] };
		int64_t id = stat_read(l, &one) ? id_of(s, n_old, &one) : 0;

		if (id)
			process_line(f, s, l, &one, id, children_of(p, one.pid));
	}
	forget(s);
	since_seen_next(&s->since);
	process_cgroups_end(&s->cgroups);
	s->looked_ns = now;
}

void process_free(struct process_source *s)
{
	free(s->known);
	since_seen_free(&s->since);
	process_cgroups_free(&s->cgroups);
}
