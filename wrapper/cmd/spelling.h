/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spelling: what somebody may have meant by a name that is none.
 */
#ifndef TELETAP_CMD_SPELLING_H
#define TELETAP_CMD_SPELLING_H

#include <stdbool.h>
#include <stddef.h>

#define SPELLING_MAX 80

/*
 * Whether the words differ in one letter: another, missing, one too many, or two exchanged. Upper
 * and lower case are the same, and so are '_' and '-'.
 */
bool spelling_near(const char *a, const char *b);

/*
 * The pages whose number or name the word is near to, as " (did you mean gc?)"; "" where
 * there are none, or more than a few. Returns into, for use in place.
 */
const char *spelling_pages(const char *word, char into[SPELLING_MAX]);

#endif
