// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sources: cgroups(7) for /proc/PID/cgroup and mountinfo; the kernel's documentation:
 * admin-guide/cgroup-v2.rst (memory.current, .max, .high, .events; cpu.max, cpu.stat),
 * admin-guide/cgroup-v1/memory.rst, scheduler/sched-bwc.rst.
 *
 * A limit of any cgroup above holds as well. Of several the one is taken of which least is
 * left; of quotas of processors, the smallest.
 */
#include "collect/process_cgroups.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "model/escape.h"

#define UNKNOWN (-1)
#define NONE (-2)
#define LEVELS 64
#define V1_NO_LIMIT (INT64_C(1) << 60) /* it is rounded to pages from INT64_MAX */

/* In the order of STATE in the record cgroup. */
enum { STATE_READ, STATE_NOT_MOUNTED, STATE_OUTSIDE };
enum { COUNTER_OOM, COUNTER_KILL, COUNTER_PERIODS, COUNTER_THROTTLED, COUNTER_THROTTLED_NS };

struct limit {
	int64_t limit, used;
	char path[PATH_MAX]; /* whose */
};

/* A way up through a hierarchy. */
struct way {
	const struct look *l;
	const struct cgroup_mount *mount;
	bool v2;
	char path[PATH_MAX]; /* as the mount shows it, without the mount; "" at its top */
	int64_t state;
};

struct group {
	struct way memory, cpu;
	int64_t number, current;
	struct limit max, high;
	int64_t ooms, kills;
	int64_t quota_us, period_us, periods, throttled, throttled_ns, throttle;
	char quota_path[PATH_MAX];
};

static void mount_set(struct cgroup_mount *m, const char *path, const char *root)
{
	if (m->path)
		return;
	m->path = strdup(path);
	m->root = strdup(strcmp(root, "/") ? root : "");
}

static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
		if (!strncmp(at, word, len) && (!at[len] || at[len] == ','))
			return true;
	}
	return false;
}

/* ID PARENT MAJOR:MINOR ROOT PATH OPTIONS [TAG...] - TYPE SOURCE OPTIONS */
static bool mount_match(const char *line, void *arg)
{
	struct process_cgroups *c = arg;
	char root[512], path[512], type[16], options[256];
	const char *rest = strstr(line, " - ");

	if (!rest || sscanf(line, "%*s %*s %*s %511s %511s", root, path) != 2 ||
	    sscanf(rest, " - %15s %*s %255s", type, options) != 2 || strchr(path, '\\'))
		return false;
	if (!strcmp(type, "cgroup2"))
		mount_set(&c->v2, path, root);
	if (!strcmp(type, "cgroup") && has_word(options, "memory"))
		mount_set(&c->memory, path, root);
	if (!strcmp(type, "cgroup") && has_word(options, "cpu"))
		mount_set(&c->cpu, path, root);
	return false;
}

static void mounts_free(struct process_cgroups *c)
{
	struct cgroup_mount *all[] = { &c->v2, &c->memory, &c->cpu };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		free(all[i]->path);
		free(all[i]->root);
		*all[i] = (struct cgroup_mount){ 0 };
	}
}

void process_cgroups_begin(struct process_cgroups *c, const struct look *l)
{
	c->look++;
	mounts_free(c);
	look_line(l, "/proc/self/mountinfo", mount_match, c);
}

/* The process's path in the hierarchy of a controller. text: its /proc/PID/cgroup. */
static void way_find(struct way *w, const struct process_cgroups *c, const struct look *l,
		     const char *text, const char *controller)
{
	const char *found = NULL, *line = text, *path;
	size_t len, root;

	*w = (struct way){ .l = l, .mount = &c->v2, .v2 = true, .state = STATE_NOT_MOUNTED };
	for (; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		char list[256] = "";
		int at = 0;

		if (sscanf(line, "%*d:%255[^:\n]:%n", list, &at) == 1 && at &&
		    has_word(list, controller)) {
			found = line + at;
			w->mount = *controller == 'm' ? &c->memory : &c->cpu;
			w->v2 = false;
			break;
		}
		if (!strncmp(line, "0::", 3))
			found = line + 3;
	}
	if (!found || !w->mount->path)
		return;
	w->state = STATE_OUTSIDE;
	root = strlen(w->mount->root);
	len = strcspn(found, "\n");
	path = found + root;
	if (len < root || strncmp(found, w->mount->root, root) != 0 || !strncmp(found, "/..", 3) ||
	    (len > root && *path != '/') || len - root >= sizeof(w->path))
		return;
	memcpy(w->path, path, len - root);
	w->path[len - root] = '\0';
	if (!strcmp(w->path, "/"))
		w->path[0] = '\0';
	w->state = STATE_READ;
}

/* One level up. False: it was the top. */
static bool way_up(struct way *w)
{
	char *slash = strrchr(w->path, '/');

	if (!slash)
		return false;
	*slash = '\0';
	return true;
}

/* Reads a file of the cgroup at this level; false: there is none. */
static bool way_text(const struct way *w, const char *file, char *out, size_t size)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s%s/%s", w->mount->path, w->path, file);

	return n < (int)sizeof(path) && !look_text(w->l, path, out, size);
}

/* A number of such a file: "max" is NONE, no file UNKNOWN. */
static int64_t way_number(const struct way *w, const char *file)
{
	char text[64];
	int64_t n;

	if (!way_text(w, file, text, sizeof(text)))
		return UNKNOWN;
	if (!strncmp(text, "max", 3))
		return NONE;
	return sscanf(text, "%" SCNd64, &n) == 1 && n >= 0 ? n : UNKNOWN;
}

/* The number in the line that begins with this word; UNKNOWN: there is none. */
static int64_t word_number(const char *text, const char *word)
{
	size_t len = strlen(word);
	int64_t n;

	for (const char *line = text; line && *line;
	     line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		if (!strncmp(line, word, len) && line[len] == ' ' &&
		    sscanf(line + len, "%" SCNd64, &n) == 1 && n >= 0)
			return n;
	}
	return UNKNOWN;
}

static void full_path(const struct way *w, char out[PATH_MAX])
{
	if (snprintf(out, PATH_MAX, "%s%s", w->mount->root, w->path) == 0)
		snprintf(out, PATH_MAX, "/");
}

/* Keeps the limit of which least is left. */
static void limit_take(struct limit *l, const struct way *w, const char *file, int64_t used)
{
	int64_t limit = way_number(w, file);

	if (!w->v2 && limit >= V1_NO_LIMIT)
		limit = NONE;
	if (l->limit == UNKNOWN && limit == NONE)
		l->limit = NONE;
	if (limit < 0 || used < 0 || (l->limit >= 0 && l->limit - l->used <= limit - used))
		return;
	l->limit = limit;
	l->used = used;
	full_path(w, l->path);
}

static void memory_read(struct group *g)
{
	struct way w = g->memory;
	char text[1024];

	g->current = g->ooms = g->kills = UNKNOWN;
	g->max = g->high = (struct limit){ .limit = UNKNOWN, .used = UNKNOWN };
	if (w.state != STATE_READ)
		return;
	/* The top of version 2 has no files: nothing is limited there. */
	g->max.limit = g->high.limit = NONE;
	for (int i = 0; i < LEVELS; i++) {
		int64_t used = way_number(&w, w.v2 ? "memory.current" : "memory.usage_in_bytes");

		if (g->current == UNKNOWN)
			g->current = used;
		limit_take(&g->max, &w, w.v2 ? "memory.max" : "memory.limit_in_bytes", used);
		if (w.v2)
			limit_take(&g->high, &w, "memory.high", used);
		if (g->kills == UNKNOWN &&
		    way_text(&w, w.v2 ? "memory.events" : "memory.oom_control", text,
			     sizeof(text))) {
			g->ooms = w.v2 ? word_number(text, "oom") : UNKNOWN;
			g->kills = word_number(text, "oom_kill");
		}
		if (!way_up(&w))
			break;
	}
}

/* The quota of a level in us of each period; NONE: it has none. */
static int64_t quota_read(const struct way *w, int64_t *period)
{
	char text[64];
	int64_t quota;

	if (!w->v2) {
		*period = way_number(w, "cpu.cfs_period_us");
		quota = way_number(w, "cpu.cfs_quota_us"); /* -1: none */
		return quota > 0 && *period > 0 ? quota : NONE;
	}
	if (!way_text(w, "cpu.max", text, sizeof(text)) ||
	    sscanf(text, "%" SCNd64 " %" SCNd64, &quota, period) != 2 || quota <= 0 || *period <= 0)
		return NONE;
	return quota;
}

static void cpu_read(struct group *g)
{
	struct way w = g->cpu;
	char text[1024];

	g->throttle = w.state == STATE_READ ? 0 : UNKNOWN;
	for (int i = 0; i < LEVELS && w.state == STATE_READ; i++) {
		int64_t period, quota = quota_read(&w, &period);

		if (quota > 0 &&
		    (!g->throttle ||
		     (double)quota / (double)period < (double)g->quota_us / (double)g->period_us) &&
		    way_text(&w, "cpu.stat", text, sizeof(text))) {
			g->throttle = 1;
			g->quota_us = quota;
			g->period_us = period;
			g->periods = word_number(text, "nr_periods");
			g->throttled = word_number(text, "nr_throttled");
			g->throttled_ns =
				word_number(text, w.v2 ? "throttled_usec" : "throttled_time");
			if (w.v2 && g->throttled_ns > 0)
				g->throttled_ns *= 1000;
			full_path(&w, g->quota_path);
		}
		if (!way_up(&w))
			break;
	}
}

/* A name's number, from 1; *first: it is asked for the first time in this look. 0: no memory. */
static int64_t number_of(struct process_cgroups *c, const char *name, bool *first)
{
	struct cgroup_name *more;

	*first = true;
	for (size_t i = 0; i < c->n_names; i++) {
		if (strcmp(c->names[i].name, name) != 0)
			continue;
		*first = c->names[i].look != c->look;
		c->names[i].look = c->look;
		return (int64_t)i + 1;
	}
	more = reallocarray(c->names, c->n_names + 1, sizeof(*more));
	if (!more)
		return 0;
	c->names = more;
	more[c->n_names] = (struct cgroup_name){ .name = strdup(name), .look = c->look };
	if (!more[c->n_names].name)
		return 0;
	return (int64_t)++c->n_names;
}

static void oom_line(FILE *f, struct process_cgroups *c, int64_t number, int kind, int64_t ever)
{
	if (ever >= 0)
		fprintf(f, "oom\t%" PRId64 "\t%d\t%" PRId64 "\t%" PRId64 "\n", number, kind, ever,
			since_seen(&c->since, number, COUNTER_OOM + kind, ever));
}

/* A level can hold for several groups: it has a number of its own. */
static void throttle_line(FILE *f, struct process_cgroups *c, struct group *g)
{
	char name[PATH_MAX + 2];
	bool first;

	if (g->throttle <= 0)
		return;
	snprintf(name, sizeof(name), "=%s", g->quota_path);
	g->throttle = number_of(c, name, &first);
	if (!first || g->periods < 0 || g->throttled < 0 || g->throttled_ns < 0)
		return;
	fprintf(f, "throttle\t%" PRId64, g->throttle);
	escape_field_cut(f, g->quota_path);
	fprintf(f, "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\n",
		g->quota_us * 1000, g->period_us * 1000,
		since_seen(&c->since, g->throttle, COUNTER_PERIODS, g->periods),
		since_seen(&c->since, g->throttle, COUNTER_THROTTLED, g->throttled),
		since_seen(&c->since, g->throttle, COUNTER_THROTTLED_NS, g->throttled_ns));
}

static void limit_fields(FILE *f, const struct limit *l)
{
	fprintf(f, "\t%" PRId64 "\t%" PRId64, l->limit, l->used);
	escape_field_cut(f, l->path);
}

static void group_lines(FILE *f, struct process_cgroups *c, struct group *g, const char *path)
{
	memory_read(g);
	cpu_read(g);
	throttle_line(f, c, g);
	fprintf(f, "cgroup\t%" PRId64 "\t%" PRId64, g->number, g->memory.state);
	escape_field_cut(f, path);
	fprintf(f, "\t%" PRId64, g->current);
	limit_fields(f, &g->max);
	limit_fields(f, &g->high);
	fprintf(f, "\t%" PRId64 "\n", g->throttle);
	oom_line(f, c, g->number, 0, g->ooms);
	oom_line(f, c, g->number, 1, g->kills);
}

int64_t process_cgroups_of(struct process_cgroups *c, const struct look *l, pid_t pid, FILE *f)
{
	char file[64], text[8192], path[PATH_MAX], name[2 * PATH_MAX + 2];
	struct group *g = calloc(1, sizeof(*g));
	int64_t number = 0;
	bool first;

	snprintf(file, sizeof(file), "/proc/%d/cgroup", (int)pid);
	if (g && !look_text(l, file, text, sizeof(text)) && *text) {
		way_find(&g->memory, c, l, text, "memory");
		way_find(&g->cpu, c, l, text, "cpu");
		path[0] = '\0';
		if (g->memory.state == STATE_READ)
			full_path(&g->memory, path);
		snprintf(name, sizeof(name), "%s\n%s", path, g->cpu.path);
		number = g->number = number_of(c, name, &first);
		if (number && first)
			group_lines(f, c, g, path);
	}
	free(g);
	return number;
}

void process_cgroups_end(struct process_cgroups *c)
{
	since_seen_next(&c->since);
}

void process_cgroups_free(struct process_cgroups *c)
{
	mounts_free(c);
	for (size_t i = 0; i < c->n_names; i++)
		free(c->names[i].name);
	free(c->names);
	since_seen_free(&c->since);
}
