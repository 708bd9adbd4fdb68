/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plan: a page, a target, and the collector chosen for them.
 */
#ifndef TELETAP_MODULE_PLAN_H
#define TELETAP_MODULE_PLAN_H

#include "pages/page.h"
#include "target/target.h"

#define PLAN_FILES 32
#define PLAN_SITES 65 /* sha256 in hex, terminated */
#define TARGET_ID_MAX (2 * SDT_BUILD_ID_MAX + 8)

#define PLAN_TICK_MS 100 /* TICK_MS of python/native */

/* What has to be loaded, and into which files its probes go. */
struct plan {
	const struct page *page; /* one of the module's pages */
	enum collector collector;
	const struct origin *origin; /* of that page */
	const char *module;          /* of that origin */
	const char *program;         /* by BPF: which programs (bpf/NAME.bpf.c) */
	bool also;                   /* a page draws from it, too, and can be without */
	bool ticks; /* a file's own code adds up, and hands over every PLAN_TICK_MS */
	bool jit;   /* a process that will be probed was asked to use its JIT; see utf8_paths.h */
	struct target_file *file; /* the one it is named after, and whose layout the script
				     goes by; belongs to the target; of the host: fd is -1 */
	struct target_file *files[PLAN_FILES]; /* all that have the markers, with file */
	int n_files;                           /* of the host: 0 */
	const struct target_file *beside;      /* another CPython of the process, which the page
						  cannot show; NULL: none */
	bool given;          /* the file is the extension's, which the command is given */
	const char *unbuilt; /* the CPython's version that the extension has no build for, so that
				the page tells less; NULL: it does not matter */
	const struct target_file *python; /* the CPython that has the stacks; NULL: not known */
	char id[TARGET_ID_MAX];           /* the build-id of file; or "host" */
	char sites[PLAN_SITES];           /* names the contents of all files: see script_macros.h */
};

#endif
