/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * check: what 'teletap doctor' has looked at, and what it found. Data, and one
 * function to fill it.
 */
#ifndef TELETAP_BASE_CHECK_H
#define TELETAP_BASE_CHECK_H

#include <stdbool.h>

#define CHECKS_MAX 40

enum verdict { VERDICT_OK, VERDICT_WARN, VERDICT_FAIL };

struct check {
	const char *id; /* for scripts */
	enum verdict verdict;
	char *text;         /* one sentence */
	const char *remedy; /* what to do about it; NULL: nothing */
};

struct checks {
	int n;
	struct check list[CHECKS_MAX];
};

/* Adds a check; fmt makes its text. id and remedy are constants. */
void check_add(struct checks *c, const char *id, enum verdict verdict, const char *remedy,
	       const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/*
 * A check that failed: the first one that no package cures, else the first one; NULL: none did.
 * With is_signed those that only keep unsigned modules out do not count.
 */
const struct check *check_failed(const struct checks *c, bool is_signed);

void checks_free(struct checks *c);

#endif
