// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * crash FOLDER PROGRAM: recorded lines of the module crash on standard input -> its files,
 * as teletap watch writes them, and the page.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collect/crash.h"
#include "render/render.h"

static void take(struct state *s, char *lines)
{
	char *line;

	while (lines && (line = strsep(&lines, "\n")))
		state_take(s, line, strlen(line));
}

int main(int argc, char **argv)
{
	struct render_target target = { .exe = argc > 2 ? argv[2] : "", .python = "" };
	static struct state state;
	static struct crash crash;
	struct render r = { .target = &target, .state = &state, .page = page_find("crash") };
	char *text = NULL, *path = NULL, *msg = NULL, *lines;
	size_t size = 0;
	ssize_t len;
	int err = 0;

	if (argc < 3)
		return 2;
	crash_begin(&crash, argv[1], argv[2]);
	while (!err && (len = getline(&text, &size, stdin)) > 0) {
		if (state_take(&state, text, (size_t)len - 1) != 1)
			continue;
		lines = crash_lines(&crash, &state);
		take(&state, lines);
		free(lines);
		err = crash_keep(&crash, &state, &path, &msg);
		free(path);
	}
	free(text);
	if (err) {
		printf("%s\n", msg ? msg : strerror(-err));
		free(msg);
		return 1;
	}
	r.number = 1;
	text = render_text(&r);
	puts(text);
	free(text);
	state_free(&state);
	return 0;
}
