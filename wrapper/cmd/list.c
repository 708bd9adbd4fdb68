// SPDX-License-Identifier: GPL-2.0-or-later
#include <jansson.h>
#include <stdio.h>

#include "cmd/cmd.h"
#include "pages/page.h"

static void list(const struct opts *o, int number, const char *name, const char *title)
{
	json_t *row;

	if (o->output == OUTPUT_TEXT) {
		printf("%3d  %-12s  %s\n", number, name, title);
		return;
	}
	row = json_pack("{s:i, s:s, s:s}", "page", number, "name", name, "title", title);
	json_dumpf(row, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(row);
}

enum status cmd_list(const struct opts *o)
{
	if (o->n_args) {
		say("%s: no argument is needed: all pages are listed", o->args[0]);
		return STATUS_USAGE;
	}
	if (o->output == OUTPUT_TEXT)
		fit_begin();
	for (int i = 0; i < n_pages; i++) {
		if (i && pages[i - 1].number < PAGE_CONTENTS && pages[i].number > PAGE_CONTENTS)
			list(o, PAGE_CONTENTS, "contents", "Every page, and whether it can work");
		list(o, pages[i].number, pages[i].name, pages[i].title);
	}
	fit_end();
	return STATUS_OK;
}
