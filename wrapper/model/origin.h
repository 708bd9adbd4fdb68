/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * origin: where figures come from: a script and the markers that it probes.
 */
#ifndef TELETAP_MODEL_ORIGIN_H
#define TELETAP_MODEL_ORIGIN_H

#include <stdbool.h>

#define PAGE_MARKERS 16

/* The provider of teletap.h's markers: any. One of the markers is then enough. */
#define PAGE_ANY "*"

/* Of pages that any program can have: its markers are probed where it has them. */
#define PAGE_PROGRAM "+"

/* Where a page's figures come from. */
struct origin {
	const char *module;   /* stp/MODULE.stp; NULL: none */
	const char *provider; /* NULL: the kernel; no target is needed. PAGE_ANY: see there */
	/* The markers its module probes; all are needed. */
	const char *markers[PAGE_MARKERS];
	bool layout; /* its script reads the target's memory by the file's layout */
};

/* Whether its markers are those of teletap.h. */
bool origin_is_app(const struct origin *origin);

/* Whether it can be had of any program. */
bool origin_is_program(const struct origin *origin);

/* Whether this marker is one of those that its module probes. */
bool origin_has_marker(const struct origin *origin, const char *provider, const char *name);

#endif
