// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * draw: the pure stages alone, for the tests. Recorded lines on standard input
 * become pages, as teletap watch makes them: the first snapshot is the beginning,
 * each later one (with -s N: each N-th) is a page.
 *
 *   draw [-o text|json|openmetrics|folded|speedscope|svg] [-g PAGE] [-p PID] [-e FILE] [-y VERSION]
 * [-c] [-s N] [-w COLUMNS] -m FILE the lines of other modules, one behind the other, for page 200
 *   draw -o line         what line_parse makes of each line
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pages/stacks.h"
#include "render/render.h"

#define UNSET INT64_MIN

static void show_line(char *text, size_t len)
{
	struct line line = { 0 };
	int err;

	for (int i = 0; i < LINE_FIELDS; i++)
		line.num[i] = UNSET;
	err = line_parse(text, len, &line);
	if (err) {
		puts(err == -ENOMSG   ? "unknown"
		     : err == -EINVAL ? "malformed"
		     : err == -EPROTO ? "another version"
				      : strerror(-err));
		return;
	}
	fputs(line_grammar[line.kind].word == line_grammar[LINE_HELLO].word
		      ? "hello"
		      : line_grammar[line.kind].word,
	      stdout);
	for (int i = 0; i < LINE_FIELDS; i++) {
		if (line.text[i])
			printf(" \"%s\"", line.text[i]);
		else if (line.num[i] != UNSET)
			printf(" %" PRId64, line.num[i]);
	}
	putchar('\n');
}

static int show_page(const struct render *r, char *(*render)(const struct render *))
{
	char *page = render(r);

	if (!page)
		return -ENOMEM;
	puts(page);
	free(page);
	return 0;
}

static char *draw_folded(const struct render *r)
{
	return stacks_folded(r->state);
}

static char *draw_openmetrics(const struct render *r)
{
	return render_openmetrics(r, 1);
}

static char *draw_svg(const struct render *r)
{
	return stacks_svg(r->state, r->target->exe);
}

static char *draw_speedscope(const struct render *r)
{
	return stacks_speedscope(r->state, r->target->exe);
}

/* Modules one behind the other, each with its hello, all of it taken before. */
static int read_others(const char *path, struct states *all, const struct state *own)
{
	static struct state states[STATES];
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;
	ssize_t len;

	all->list[0] = own;
	all->n = 1;
	while (f && (len = getline(&text, &size, f)) > 0) {
		if (!strncmp(text, "teletap\t", 8)) {
			if (all->n == STATES)
				return 0;
			all->list[all->n] = &states[all->n];
			all->n++;
		}
		if (all->n > 1)
			state_take(&states[all->n - 1], text, (size_t)len - 1);
	}
	free(text);
	if (f)
		fclose(f);
	return f != NULL;
}

struct options {
	const char *output, *others; /* others: a file with modules one behind the other */
	int step;
};

/* What the command line says; false: it is wrong. */
static bool options_read(int argc, char **argv, struct options *o, struct render_target *target,
			 struct render *r)
{
	int c;

	while ((c = getopt(argc, argv, "o:g:p:e:y:cs:m:w:")) != -1) {
		switch (c) {
		case 'o':
			o->output = optarg;
			break;
		case 'g':
			r->page = page_find(optarg);
			break;
		case 'p':
			target->pid = atoi(optarg);
			break;
		case 'e':
			target->exe = optarg;
			break;
		case 'y':
			target->python = optarg;
			break;
		case 'c':
			r->color = true;
			break;
		case 'w':
			r->width = atoi(optarg);
			break;
		case 'm':
			o->others = optarg;
			break;
		case 's':
			o->step = atoi(optarg);
			break;
		default:
			return false;
		}
	}
	return r->page;
}

int main(int argc, char **argv)
{
	struct render_target target = { .exe = "/usr/bin/python3.11", .python = "3.11.2" };
	static struct state state;
	struct render r = { .target = &target, .state = &state, .page = page_find("gc") };
	struct options o = { .output = "text", .step = 1 };
	struct states all = { 0 };
	char *text = NULL;
	size_t size = 0;
	ssize_t len;
	int ret = 0;

	if (!options_read(argc, argv, &o, &target, &r))
		return 2;
	if (o.others && !read_others(o.others, &all, &state))
		return 2;
	r.states = o.others ? &all : NULL;
	while (ret >= 0 && (len = getline(&text, &size, stdin)) > 0) {
		if (text[len - 1] != '\n')
			break; /* cut off: not a line yet */
		if (!strcmp(o.output, "line")) {
			show_line(text, (size_t)len - 1);
			continue;
		}
		ret = state_take(&state, text, (size_t)len - 1);
		if (ret <= 0 || state.snapshots < 2 || (state.snapshots - 1) % o.step)
			continue;
		r.number++;
		r.last = state.now.final;
		ret = show_page(&r, !strcmp(o.output, "json")          ? render_json
				    : !strcmp(o.output, "folded")      ? draw_folded
				    : !strcmp(o.output, "speedscope")  ? draw_speedscope
				    : !strcmp(o.output, "svg")         ? draw_svg
				    : !strcmp(o.output, "openmetrics") ? draw_openmetrics
								       : render_text);
		state_shown(&state);
	}
	free(text);
	state_free(&state);
	if (ret < 0)
		fprintf(stderr, "draw: %s\n", strerror(-ret));
	return ret < 0 ? 3 : 0;
}
