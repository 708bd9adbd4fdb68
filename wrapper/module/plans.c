// SPDX-License-Identifier: GPL-2.0-or-later
#include "module/plans.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fail.h"
#include "base/log.h"
#include "module/choose.h"
#include "module/module.h"
#include "target/pid_namespace.h"
#include "target/program.h"

static bool is_same(const struct plan *a, const struct plan *b)
{
	return !strcmp(a->module, b->module) && a->collector == b->collector;
}

static void add_also(int number, const struct target *t, const struct opts *o, struct plan *plans,
		     struct pack_ko *kos, int *n)
{
	char word[12];
	struct plan plan;
	const struct page *page;

	snprintf(word, sizeof(word), "%d", number);
	page = page_find(word);
	if (*n == PLAN_PAGES || !page || choose(page, t, -1, o->pack, &plan, NULL) ||
	    (plan.collector == COLLECT_STAP && (geteuid() || numbers_check(NULL))) ||
	    page->incomplete & 1U << plan.collector || plan.given)
		return;
	for (int i = 0; i < *n; i++) {
		if (is_same(&plans[i], &plan))
			return;
	}
	plan.also = true;
	if (module_find(&plan, o->pack, &kos[*n], NULL))
		return;
	plans[(*n)++] = plan;
}

void plan_also(const struct page *const *wanted, int n_wanted, const struct target *t,
	       const struct opts *o, struct plan *plans, struct pack_ko *kos, int *n)
{
	if (t->kind == TARGET_HOST)
		return;
	for (int p = 0; p < n_wanted; p++) {
		for (int i = 0; i < PAGE_ALSO && wanted[p]->also[i]; i++)
			add_also(wanted[p]->also[i], t, o, plans, kos, n);
	}
}

/* On a terminal, one line that counts the seconds. */
static void show_seconds(int seconds)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%d s \r", seconds);
}

int plan_module(const struct plan *plan, const char *pack, struct pack_ko *ko, char **msg)
{
	struct utsname host;
	int64_t begun;
	char *stap;
	int err = module_find(plan, pack, ko, msg);

	if (err != -ENOENT || *msg)
		return err;
	uname(&host);
	if (program_find("stap", &stap, NULL))
		return fail(
			msg, ENOENT,
			"no module %s for %s and kernel %s, and no stap here to compile "
			"it: bring a pack (--pack) that 'teletap build -d' has made elsewhere, or "
			"install systemtap",
			plan->module, plan->file->path, host.release);
	free(stap);
	say("no module %s for %s and this kernel yet: compiling it, which takes 10 to 60 s "
	    "('teletap build' does it ahead of time)",
	    plan->module, plan->file->path);
	begun = clock_ms(CLOCK_MONOTONIC);
	err = module_compile(plan, host.release, NULL, show_seconds, msg);
	if (err)
		return err;
	say("compiled in %.1f s", (double)(clock_ms(CLOCK_MONOTONIC) - begun) / 1e3);
	return module_find(plan, pack, ko, msg);
}

/* Whether this user may load modules, and how large numbers in them may be. */
static int may_load(char **msg)
{
	if (geteuid())
		return fail(msg, EPERM,
			    "not root: loading a kernel module needs it; try 'sudo teletap watch "
			    "...'");
	return numbers_check(msg);
}

/* Pages that have been left out, and why. */
struct left_out {
	int n, err[PLAN_PAGES];
	const struct page *page[PLAN_PAGES];
	char *why[PLAN_PAGES];
	struct plan plan[PLAN_PAGES]; /* module NULL: there was none */
};

/* A module that could not be had is not compiled again for another page. */
static int failed_before(const struct left_out *l, const struct plan *plan, char **why)
{
	for (int i = 0; i < l->n; i++) {
		if (l->plan[i].module && is_same(&l->plan[i], plan)) {
			*why = l->why[i] ? strdup(l->why[i]) : NULL;
			return l->err[i];
		}
	}
	return 0;
}

/* The page's plan and module, added to plans or found there. Sets *at to its place. */
static int plan_page(const struct page *page, const struct target *t, const struct opts *o,
		     struct plan *plans, struct pack_ko *kos, int *n, int *at, struct left_out *l)
{
	char **why = &l->why[l->n];
	struct plan *plan = &plans[*n];
	int err = choose(page, t, o->collector, o->pack, plan, why);

	l->plan[l->n].module = NULL;
	if (err)
		return err;
	for (*at = 0; !is_same(&plans[*at], plan); ++*at)
		;
	if (*at < *n)
		return 0;
	err = failed_before(l, plan, why);
	if (!err && plan->collector == COLLECT_STAP)
		err = may_load(why);
	if (!err)
		err = plan_module(plan, o->pack, &kos[*n], why);
	if (err)
		l->plan[l->n] = *plan;
	*n += !err;
	return err;
}

int plan_pages(const struct page **wanted, int *n_wanted, const struct target *t,
	       const struct opts *o, struct plan *plans, struct pack_ko *kos, int *n, int *of,
	       char **msg)
{
	struct left_out left = { 0 };
	int good = 0;

	*n = 0;
	for (int p = 0; p < *n_wanted; p++) {
		int at = 0;
		int err = plan_page(wanted[p], t, o, plans, kos, n, &at, &left);

		if (err) {
			left.page[left.n] = wanted[p];
			left.err[left.n++] = err;
		} else {
			of[good] = at;
			wanted[good++] = wanted[p];
		}
	}
	*n_wanted = good;
	for (int i = 0; i < left.n - !good; i++) {
		say("%d %s: %s", left.page[i]->number, left.page[i]->name,
		    left.why[i] ? left.why[i] : strerror(-left.err[i]));
		free(left.why[i]);
	}
	if (!good) {
		*msg = left.why[left.n - 1];
		return left.err[left.n - 1];
	}
	return 0;
}
