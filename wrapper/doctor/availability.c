// SPDX-License-Identifier: GPL-2.0-or-later
#include "doctor/availability.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/rights.h"
#include "module/bpf_trial.h"
#include "module/choose.h"
#include "module/module.h"
#include "module/resolve.h"
#include "module/sign.h"
#include "module/utf8_paths.h"

/* False: what cannot be seen without a target. */
static bool resolves(const struct judge *j, const struct page *page)
{
	return j->target || page_is_host(page);
}

static void say_ready(const struct judge *j, bool is_signed, char **why)
{
	fail(why, 0, "a module is ready%s%s%s", j->pack ? " in " : "", j->pack ? j->pack : "",
	     !is_signed                       ? ""
	     : check_failed(j->checks, false) ? ", signed, which does when the kernel knows the key"
					      : ", signed");
}

/* How the page's module is to be had; false and why not when in no way. */
static bool judge_module(const struct judge *j, const struct plan *plan, char **why)
{
	struct pack_ko ko = { 0 };
	char *msg = NULL;
	int err = module_find(plan, j->pack, &ko, &msg);
	bool is_signed = !err && sign_present(ko.path), works = false;
	const struct check *failed = check_failed(j->checks, is_signed);

	free(ko.path);
	if (failed)
		*why = strdup(failed->text);
	else if (!err)
		say_ready(j, is_signed, why);
	else if (err == -ENOENT && !msg && j->host->compiles)
		*why = strdup("its module is to be compiled first: 'teletap build' does it");
	else
		*why = strdup(msg ? msg
				  : "no module is ready, and none can be compiled here: bring a "
				    "pack");
	works = !failed && (!err || (err == -ENOENT && !msg && j->host->compiles));
	free(msg);
	return works;
}

/* Whether root may load it; what then is in its way is said first. */
static bool judge_root(const struct judge *j, bool works, char **why)
{
	char *then = *why;

	if (!works || j->host->root)
		return works;
	*why = NULL;
	fail(why, 0, "not root: loading a kernel module needs it (for root: %s)", then);
	free(then);
	return false;
}

static bool judge_stap(const struct judge *j, const struct page *page, const struct plan *plan,
		       char **why)
{
	const struct check *failed = check_failed(j->checks, true);
	bool jit;

	if (failed) {
		*why = strdup(failed->text);
		return false;
	}
	if (!page_is_host(page) && guard(plan, j->target, &jit, why))
		return false;
	return judge_root(j, judge_module(j, plan, why), why);
}

/* Whether BPF programs of this module can be used here. */
static bool judge_bpf(const char *module, char **why)
{
	return choose_bpf(module, why) && bpf_loads(module, why);
}

/* What a target would have to be asked. */
static bool judge_without_target(const struct judge *j, const struct page *page, enum collector by,
				 char **why)
{
	const struct check *failed = by == COLLECT_STAP ? check_failed(j->checks, false) : NULL;

	if (by == COLLECT_BPF && !judge_bpf(page->origin.module, why))
		return false;
	*why = strdup(
		failed ? failed->text
		: by == COLLECT_STAP
			? "a target (-p, -e) would tell whether it has the markers, and "
			  "whether a module is ready"
		: by == COLLECT_BPF    ? "a target (-p, -e) would tell whether it has the markers"
		: by == COLLECT_PROC   ? "read from the kernel's files; no module is needed: a "
					 "target (-p, -e) would tell whether it may be read"
		: by == COLLECT_MEMORY ? "read from the program's memory; no module is needed: a "
					 "target (-p) would tell whether it has a CPython"
				       : "read from the program's memory; no module is needed: a "
					 "target (-p) would tell whether it has a ring");
	return !failed;
}

bool judge_collector(const struct judge *j, const struct page *page, enum collector by, char **why)
{
	static const struct target nothing = { .kind = TARGET_HOST };
	struct plan plan;

	*why = NULL;
	if (j->unseen && !page_is_host(page)) {
		fail(why, 0, "the target cannot be seen: %s", rights_remedy("run as root"));
		return false;
	}
	if (!resolves(j, page))
		return judge_without_target(j, page, by, why);
	if (resolve_page(page, by, j->target ? j->target : &nothing, &plan, why))
		return false;
	if (by == COLLECT_STAP)
		return judge_stap(j, page, &plan, why);
	if (by == COLLECT_BPF && !judge_bpf(plan.program, why))
		return false;
	fail(why, 0, "%s; no module is needed%s",
	     by == COLLECT_BPF    ? "by a BPF program"
	     : by == COLLECT_PROC ? "read from the kernel's files"
				  : "read from the program's memory",
	     page->incomplete & 1U << by ? ", but a part of its figures is not there" : "");
	return true;
}

void judge_prepare(const struct judge *j)
{
	static const struct target nothing = { .kind = TARGET_HOST };
	struct plan plan;

	/* By a kernel module everything works, and BPF programs are not asked for. */
	if (j->unseen || (!j->target && !check_failed(j->checks, false)))
		return;
	for (int i = 0; i < n_pages; i++) {
		const struct page *page = &pages[i];

		plan = (struct plan){ .module = page->origin.module, .collector = COLLECT_BPF };
		if (!(page->by & BY_BPF) ||
		    (resolves(j, page) &&
		     choose(page, j->target ? j->target : &nothing, -1, j->pack, &plan, NULL)))
			continue;
		if (plan.collector == COLLECT_BPF && choose_bpf(plan.module, NULL))
			bpf_want(plan.module);
	}
	bpf_try();
}

bool judge_page(const struct judge *j, const struct page *page, int *by, char **why)
{
	static const struct target nothing = { .kind = TARGET_HOST };
	struct plan plan;
	int first = choose_first(page, j->target);

	if (resolves(j, page) && !j->unseen &&
	    !choose(page, j->target ? j->target : &nothing, -1, j->pack, &plan, NULL))
		first = (int)plan.collector;
	for (int i = 0; i < COLLECTORS; i++) {
		*by = (first + i) % COLLECTORS;
		if (j->target && choose_by_name(page, (enum collector) * by, j->target))
			continue;
		/* Of no target, what could be had of any in part is no answer. */
		if (!(page->by & 1U << *by) || (!resolves(j, page) && page->incomplete & 1U << *by))
			continue;
		if (judge_collector(j, page, (enum collector) * by, why))
			return true;
		free(*why);
	}
	*by = -1;
	return judge_collector(j, page, (enum collector)first, why);
}
