/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options_table: all options, and how their values are taken.
 */
#ifndef TELETAP_CMD_OPTIONS_TABLE_H
#define TELETAP_CMD_OPTIONS_TABLE_H

#include <stddef.h>

#include "base/options.h"

#define OPTIONS_MAX 96

/*
 * Upper-case letters and digits are names for options that have only a long form. A command
 * that takes '*' takes all options of pages; one that names 'o' draws pages itself, in every
 * format.
 */
struct row {
	char letter;
	const char *name;
	const char *arg; /* NULL: it takes none */
	const char *help;
	/* Takes the value (NULL: none); false when it is no good, which has then been said. */
	bool (*take)(struct opts *o, const struct row *row, const char *value);
	size_t at; /* where it goes to in struct opts */
	double least, most;
	const char *wants;  /* what it is, when it is not that */
	const char *global; /* of a page's option: of its script; a number when most is not 0 */
	const char *const *words; /* the only values, up to a NULL; NULL: others */
};

extern const struct row options_table[];
extern const size_t options_rows; /* at most OPTIONS_MAX */

#endif
