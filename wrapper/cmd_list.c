// SPDX-License-Identifier: GPL-2.0-or-later
#include <jansson.h>
#include <stdio.h>

#include "page.h"
#include "teletap.h"

enum status cmd_list(const struct opts *o)
{
	for (int i = 0; i < n_pages; i++) {
		json_t *row;

		if (o->output == OUTPUT_TEXT) {
			printf("%3d  %-12s  %s\n", pages[i].number, pages[i].name, pages[i].title);
			continue;
		}
		row = json_pack("{s:i, s:s, s:s}", "page", pages[i].number, "name", pages[i].name,
				"title", pages[i].title);
		json_dumpf(row, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(row);
	}
	return STATUS_OK;
}
