/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * search: a word in the lines of a page, as '/' finds it on a terminal.
 */
#ifndef TELETAP_CMD_SEARCH_H
#define TELETAP_CMD_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

#define SEARCH_MAX 60

struct search {
	bool typing; /* the word is being typed */
	char word[SEARCH_MAX];
};

/* Begins to take a word. */
void search_begin(struct search *s);

/*
 * Takes a key while the word is typed; enter and escape end that. True: the word is complete, and
 * is to be looked for.
 */
bool search_key(struct search *s, int key);

/* Whether this line, of len bytes, has the word; upper and lower case are the same. */
bool search_in(const struct search *s, const char *line, size_t len);

/* The first line of the text that has the word behind the line from, else from its top on; -1:
 * none. */
int search_next(const struct search *s, const char *text, int from);

#endif
