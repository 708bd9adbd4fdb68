/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * origin: where figures come from: a script and the markers that it probes.
 */
#ifndef TELETAP_MODEL_ORIGIN_H
#define TELETAP_MODEL_ORIGIN_H

#include <stdbool.h>

#define PAGE_MARKERS 16

/* The provider in programs with teletap.h: any name. One of the markers is then enough. */
#define PAGE_ANY "*"

/* The provider of pages that any program can have: markers are probed where they exist. */
#define PAGE_PROGRAM "+"

/* Where a page's figures come from. */
struct origin {
	const char *module;   /* stp/MODULE.stp; NULL: none */
	const char *provider; /* NULL: the kernel; no target is needed. PAGE_ANY: see there */
	/* The markers its module probes; all are needed. */
	const char *markers[PAGE_MARKERS];
	bool layout; /* its script reads the target's memory by the file's layout */
	bool hooks;  /* its BPF programs need fentry, which some kernels refuse */
};

/* Whether the origin's markers are those of teletap.h. */
bool origin_is_app(const struct origin *origin);

/* Whether any program can have the page. */
bool origin_is_program(const struct origin *origin);

/* Whether the origin's module probes this marker. */
bool origin_has_marker(const struct origin *origin, const char *provider, const char *name);

#endif
