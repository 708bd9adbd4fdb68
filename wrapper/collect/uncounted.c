// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/uncounted.h"

#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collect/processes.h"
#include "model/escape.h"
#include "module/resolve.h"
#include "target/maps.h"
#include "target/semaphore.h"

#define LOOK_MS 2000
#define MAPPED 4096
#define LOOKS 3 /* at the files of a process, until it has no markers */

static bool is_watched(const struct uncounted *s, const struct stat *st)
{
	for (int i = 0; i < s->n_watched; i++) {
		if (st->st_dev == s->watched[i].dev && st->st_ino == s->watched[i].ino)
			return true;
	}
	return false;
}

/* The place of a file; NULL: there are too many. */
static struct uncounted_file *place_of(struct uncounted *s, const struct stat *st, const char *path)
{
	struct uncounted_file *f;

	for (int i = 0; i < s->n; i++) {
		f = &s->list[i];
		if (f->dev == st->st_dev && f->ino == st->st_ino)
			return f;
	}
	f = s->n < UNCOUNTED_FILES ? reallocarray(s->list, (size_t)s->n + 1, sizeof(*f)) : NULL;
	if (!f)
		return NULL;
	s->list = f;
	f = &s->list[s->n++];
	*f = (struct uncounted_file){ .dev = st->st_dev, .ino = st->st_ino };
	snprintf(f->path, sizeof(f->path), "%s", path);
	return f;
}

/* The processes of a file are not counted, for a reason of its own. */
static void uncount(struct uncounted *s, const struct stat *st, const char *path, int how)
{
	struct uncounted_file *f = place_of(s, st, path);

	if (f) {
		f->marked = true;
		f->how = how;
		f->now = 1;
	}
}

void uncounted_begin(struct uncounted *s, const struct plan *plan, const struct target *t)
{
	const struct origin *of_page = &plan->page->origin;
	struct stat st;

	/* The extension that a command is given has those of one provider; they may have any. */
	*s = (struct uncounted){ .origin = origin_is_app(of_page) ? of_page : plan->origin,
				 .looked_ms = -LOOK_MS };
	if (!plan->origin->markers[0] || origin_is_program(plan->origin) || plan->file->fd < 0 ||
	    fstat(plan->file->fd, &st))
		return;
	s->target = t;
	/* of the ring there is no list of files, and no semaphore is needed */
	s->watched[s->n_watched++] = (struct stat_id){ st.st_dev, st.st_ino };
	for (int i = 0; i < plan->n_files; i++) {
		const struct target_file *f = plan->files[i];

		if (fstat(f->fd, &st))
			continue;
		s->watched[s->n_watched++] = (struct stat_id){ st.st_dev, st.st_ino };
		if (semaphores_stay_off(&f->sdt, s->origin->provider, s->origin->markers))
			uncount(s, &st, f->path, UNCOUNTED_OFF);
	}
}

void uncounted_end(struct uncounted *s)
{
	free(s->list);
	free(s->mapped);
	*s = (struct uncounted){ 0 };
}

/*
 * Whether the process has the page's markers in another file than those that are watched, or,
 * where one of those was its own, has it no more.
 */
static bool has_others(const struct uncounted *s, pid_t pid, bool had)
{
	bool found = had, seen = false;
	struct maps maps;

	if (maps_read(pid, &maps, NULL))
		return false;
	for (size_t i = 0; i < maps.n_files && !seen; i++) {
		int fd = maps_open(&maps, &maps.files[i], NULL);
		struct sdt_file sdt;
		struct stat st;

		if (fd < 0)
			continue;
		seen = !fstat(fd, &st) && is_watched(s, &st);
		if (!found && !seen && !sdt_read(fd, maps.files[i].path, &sdt, NULL)) {
			found = resolve_has(s->origin, &sdt);
			sdt_free(&sdt);
		}
		close(fd);
	}
	maps_free(&maps);
	return found && !seen;
}

static void look_at(struct uncounted *s, pid_t pid)
{
	char name[64], path[256];
	struct uncounted_file *f;
	struct stat st;
	ssize_t n;

	snprintf(name, sizeof(name), "/proc/%d/exe", (int)pid);
	if (stat(name, &st) || is_watched(s, &st))
		return;
	n = readlink(name, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	f = place_of(s, &st, path);
	if (f && !f->marked && f->looks < LOOKS) {
		f->looks++;
		f->how = f->looks > 1 && s->target->kind == TARGET_PID && pid == s->target->pid
				 ? UNCOUNTED_ITSELF
				 : UNCOUNTED_BELOW;
		f->marked = has_others(s, pid, f->how == UNCOUNTED_ITSELF);
	}
	if (f && f->marked)
		f->now++;
	s->processes.now += !f;
}

/* Every process of the file that has the watched one's name now. */
static void look_for_new(struct uncounted *s)
{
	const char *path = s->target->files[0].path;
	struct dirent *entry;
	struct uncounted_file *f;
	struct stat st;
	char name[300];
	DIR *proc;

	if (stat(path, &st) || is_watched(s, &st))
		return;
	f = place_of(s, &st, path);
	proc = f ? opendir("/proc") : NULL;
	if (f) {
		f->marked = true;
		f->how = UNCOUNTED_NEW;
	}
	while (proc && (entry = readdir(proc))) {
		struct stat exe;

		if (!isdigit((unsigned char)*entry->d_name))
			continue;
		snprintf(name, sizeof(name), "/proc/%s/exe", entry->d_name);
		f->now += !stat(name, &exe) && exe.st_dev == st.st_dev && exe.st_ino == st.st_ino;
	}
	if (proc)
		closedir(proc);
}

/* Every process of the target. */
static void look_at_all(struct uncounted *s)
{
	static const struct look here = { .root = "" };
	struct processes *all = calloc(1, sizeof(*all));

	if (!all)
		return;
	target_members(s->target, -1, &all->who);
	processes_look(all, &here);
	for (size_t i = 0; i < all->n; i++)
		look_at(s, all->list[i]);
	s->processes.now += all->unseen;
	free(all);
}

/* Whether a mapping is of a file that has not been looked at; then it has been. */
static bool is_new_file(struct uncounted *s, const struct mapping *m)
{
	struct stat_id *more;

	for (size_t i = 0; i < s->n_mapped; i++) {
		if (s->mapped[i].dev == m->dev && s->mapped[i].ino == m->inode)
			return false;
	}
	more = s->n_mapped < MAPPED ? reallocarray(s->mapped, s->n_mapped + 1, sizeof(*more))
				    : NULL;
	s->files.now += !more;
	if (!more)
		return false;
	s->mapped = more;
	s->mapped[s->n_mapped++] = (struct stat_id){ m->dev, m->inode };
	return true;
}

/* Whether it is one of the files that the target had at first. */
static bool had(const struct target *t, const struct stat *st)
{
	struct stat file;

	for (size_t i = 0; i < t->n_files; i++) {
		if (!fstat(t->files[i].fd, &file) && file.st_dev == st->st_dev &&
		    file.st_ino == st->st_ino)
			return true;
	}
	return false;
}

/* What the process has loaded since its files were looked for, if it runs the same program. */
static void look_for_loaded(struct uncounted *s)
{
	char exe[40];
	struct stat program;
	struct maps maps;

	snprintf(exe, sizeof(exe), "/proc/%d/exe", (int)s->target->pid);
	if (!s->target->pid || stat(exe, &program) || !had(s->target, &program) ||
	    maps_read(s->target->pid, &maps, NULL))
		return;
	for (size_t i = 0; i < maps.n_files; i++) {
		int fd = is_new_file(s, &maps.files[i]) ? maps_open(&maps, &maps.files[i], NULL)
							: -1;
		struct sdt_file sdt;
		struct stat st;

		if (fd >= 0 && !fstat(fd, &st) && !had(s->target, &st) && !is_watched(s, &st) &&
		    !sdt_read(fd, maps.files[i].path, &sdt, NULL)) {
			if (resolve_has(s->origin, &sdt))
				uncount(s, &st, maps.files[i].path, UNCOUNTED_LOADED);
			sdt_free(&sdt);
		}
		if (fd >= 0)
			close(fd);
	}
	maps_free(&maps);
}

static void print_unlooked(struct unlooked *u, int key, FILE *out)
{
	if (u->now <= u->told)
		return;
	u->told = u->now;
	fprintf(out, "unlooked\t%d\t%" PRId64 "\n", key, u->now);
}

static void print_new(struct uncounted *s, FILE *out)
{
	for (int i = 0; i < s->n; i++) {
		struct uncounted_file *f = &s->list[i];

		if (!f->marked || (f->told && f->now <= f->most))
			continue;
		f->told = true;
		f->most = f->now > f->most ? f->now : f->most;
		fputs("other", out);
		escape_field_cut(out, f->path);
		fprintf(out, "\t%d\t%d\n", f->most, f->how);
	}
	print_unlooked(&s->processes, 1, out);
	print_unlooked(&s->files, 2, out);
}

char *uncounted_lines(struct uncounted *s, int64_t now_ms)
{
	char *lines = NULL;
	size_t size;
	FILE *out;

	if (!s->target || now_ms - s->looked_ms < LOOK_MS)
		return NULL;
	s->looked_ms = now_ms;
	s->processes.now = s->files.now = 0;
	for (int i = 0; i < s->n; i++)
		s->list[i].now = s->list[i].how >= UNCOUNTED_LOADED;
	look_for_loaded(s);
	if (s->target->kind == TARGET_FILE)
		look_for_new(s);
	else
		look_at_all(s);
	out = open_memstream(&lines, &size);
	if (out) {
		print_new(s, out);
		fclose(out);
	}
	if (lines && !*lines) {
		free(lines);
		lines = NULL;
	}
	return lines;
}
