// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/page_list.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/options.h"
#include "cmd/spelling.h"
#include "module/plans.h"

bool plan_read(const struct opts *o, const struct page **wanted, int *n)
{
	char *words, *rest, *word;
	bool good = true;

	if (o->n_args != 1) {
		say(o->n_args ? "arguments: PAGE[,PAGE...] [SECONDS [COUNT]]"
			      : "no page: 'teletap list' shows them");
		return false;
	}
	words = rest = strdup(o->args[0]);
	while (good && (word = strsep(&rest, ","))) {
		const struct page *page = page_find(word);

		if (!page || *n == PLAN_PAGES) {
			char hint[SPELLING_MAX] = "";

			say("%s%s: %s", word, page ? "" : spelling_pages(word, hint),
			    page ? "too many pages" : page_missing(word));
			good = false;
			break;
		}
		wanted[(*n)++] = page;
	}
	free(words);
	for (int i = 0; i < o->n_settings && good; i++) {
		bool taken = false;

		for (int p = 0; p < *n; p++)
			taken |= module_takes(wanted[p]->origin.module, o->settings[i].letter);
		if (!taken) {
			say("--%s: not an option of %s: see 'man teletap-pages'",
			    opts_name(o->settings[i].letter), o->args[0]);
			good = false;
		}
	}
	return good;
}

bool plan_is_host(const struct opts *o, const struct page *const *wanted, int n_wanted)
{
	bool host = n_wanted && !opts_name_program(o) && !o->command;

	for (int p = 0; p < n_wanted; p++)
		host &= page_is_host(wanted[p]);
	return host;
}

int plan_target(const struct opts *o, const struct page *const *wanted, int n_wanted,
		struct target *t, char **msg)
{
	if (!plan_is_host(o, wanted, n_wanted))
		return target_open(t, o, msg);
	target_host(t);
	return 0;
}
