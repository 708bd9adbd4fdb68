/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * doctor: what 'teletap doctor' has found. doctor.c looks and prints it as text, doctor_json.c as
 * JSON.
 */
#ifndef TELETAP_CMD_DOCTOR_H
#define TELETAP_CMD_DOCTOR_H

#include <stdbool.h>

#include "base/options.h"
#include "cpython/interpreter.h"
#include "doctor/availability.h"
#include "doctor/host.h"
#include "source/program_pages.h"
#include "target/target.h"

struct answers {
	const struct opts *o;
	struct host host;
	struct checks host_checks, target_checks;
	struct target target;
	struct interpreter interpreter;
	bool has_target;
	bool unseen;     /* the target may not be looked at */
	struct own *own; /* pages that the process draws itself; NULL: none was asked */
	int n_working;
};

extern const char doctor_own_why[]; /* why a page of the process's own works */
extern const char *const doctor_verdicts[];

/* The string, unless memory is out: then teletap ends. */
char *doctor_must(char *s);

/* The facts that availability is judged by. */
struct judge doctor_judge(const struct answers *a);

/* Whether the page works, and why (not). *why is to be freed. */
bool doctor_works(const struct answers *a, const struct page *page, int *by, char **why);

/*
 * The page with this number of those that the process draws itself. False: there is none;
 * they work when there are.
 */
bool doctor_own_page(const struct answers *a, int number, const char **name);

/*
 * What works anywhere is no answer; nor is, when a target was asked about, what works
 * without it, or for all.
 */
bool doctor_counts(const struct answers *a, const struct page *page, int by);

/* One object, see "JSON" in teletap(1); counts the pages that work. */
void doctor_json(struct answers *a);

#endif
