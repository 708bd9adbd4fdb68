// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/replay_info.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/time_argument.h"
#include "model/quote.h"
#include "render/json_text.h"

/* What is found out by going through a recording. */
struct info {
	int64_t moments;           /* that have a page */
	int64_t first_ns, last_ns; /* their times, */
	int64_t begin_ns, end_ns;  /* and by a clock that is never set */
	bool last;                 /* the last page of the watch is there */
	char *damage;              /* where it ends before its end; NULL: it does not */
};

static void go_through(struct replay *r, struct info *i)
{
	int more;

	while ((more = replay_next(r, &i->damage)) > 0) {
		if (!i->moments++) {
			i->first_ns = r->real_ns;
			i->begin_ns = r->mono_ns;
		}
		i->last_ns = r->real_ns;
		i->end_ns = r->mono_ns;
		i->last = r->last;
	}
	if (more < 0 && !i->damage)
		i->damage = strdup("it is damaged there");
}

static const char *ending(const struct replay *r, const struct info *i)
{
	if (i->damage)
		return "damaged";
	if (r->recording.cut)
		return "cut off";
	return i->last ? "complete" : "without a last page";
}

/* A string of unknown origin; null when it is empty. */
static json_t *text(const char *value)
{
	return value && *value ? json_text(value) : json_null();
}

static int print_json(struct replay *r, const struct info *i)
{
	json_t *list = json_array(), *all;
	char first[32], last[32];
	int bad;

	moment_format(i->first_ns, first);
	moment_format(i->last_ns, last);
	for (int p = 0; p < n_pages; p++) {
		if (replay_state(r, &pages[p]))
			json_array_append_new(list, json_pack("{s:i, s:s}", "page", pages[p].number,
							      "name", pages[p].name));
	}
	/* clang-format off */
	all = json_pack("{s:i, s:{s:o, s:o, s:o}, s:o, s:I, s:o, s:o, s:o, s:s}",
			"schema", 1, "target",
			"pid", r->target.pid ? json_integer(r->target.pid) : json_null(),
			"exe", text(r->target.exe), "python", text(r->target.python),
			"pages", list, "moments", (json_int_t)i->moments,
			"first", text(i->moments ? first : NULL),
			"last", text(i->moments ? last : NULL),
			"seconds", i->moments ? json_real((double)(i->end_ns - i->begin_ns) / 1e9) : json_null(),
			"ending", ending(r, i));
	/* clang-format on */
	bad = !all || json_dumpf(all, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9)) ||
	      putchar('\n') < 0;
	json_decref(all);
	return bad || fflush(stdout) ? -EIO : 0;
}

char *replay_pages(struct replay *r)
{
	char *names = NULL;
	size_t size;
	FILE *f = open_memstream(&names, &size);
	const char *between = "";

	for (int p = 0; f && p < n_pages; p++) {
		if (!replay_state(r, &pages[p]))
			continue;
		fprintf(f, "%s%s", between, pages[p].name);
		between = ", ";
	}
	return f && !fclose(f) ? names : NULL;
}

static int print_text(struct replay *r, const struct info *i)
{
	char first[32], last[32];
	char *exe = quote_text(r->target.exe ? r->target.exe : ""), *names = replay_pages(r);
	char *group = quote_text(r->target.group ? r->target.group : "");

	moment_format(i->first_ns, first);
	moment_format(i->last_ns, last);
	printf("target   %s", exe && *exe ? exe : "this host");
	if (r->target.pid)
		printf(", process %d", r->target.pid);
	if (group && *group)
		printf(", %s", group);
	if (r->target.python && *r->target.python)
		printf(", Python %s", r->target.python);
	printf("\npages    %s\n", names && *names ? names : "none");
	printf("moments  %" PRId64 "\n", i->moments);
	if (i->moments)
		printf("from     %s\nto       %s, %.1f s later\n", first, last,
		       (double)(i->end_ns - i->begin_ns) / 1e9);
	printf("ending   %s%s%s\n", ending(r, i), i->damage ? ": " : "",
	       i->damage ? i->damage : "");
	free(names);
	free(exe);
	free(group);
	return ferror(stdout) || fflush(stdout) ? -EIO : 0;
}

int replay_info(struct replay *r, enum output output)
{
	struct info i = { 0 };
	int err;

	go_through(r, &i);
	err = output == OUTPUT_JSON ? print_json(r, &i) : print_text(r, &i);
	free(i.damage);
	return err;
}
