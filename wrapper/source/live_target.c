// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/live.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/log.h"
#include "base/rootfs.h"
#include "doctor/availability.h"
#include "module/choose.h"

struct module *live_module_named(struct live *l, const char *name, enum collector collector)
{
	for (int i = 0; i < l->n_modules; i++) {
		if (!strcmp(l->modules[i].name, name) && l->modules[i].collector == collector)
			return &l->modules[i];
	}
	return NULL;
}

static void add_module(struct live *l, const char *name, enum collector collector)
{
	struct module *m = &l->modules[l->n_modules];

	if (!name || live_module_named(l, name, collector))
		return;
	*m = (struct module){ .name = name, .collector = collector, .compiler_fd = -1 };
	l->n_modules++;
}

bool live_modules_list(struct live *l)
{
	struct module *fitting;

	l->modules = calloc(2 * COLLECTORS * (size_t)n_pages, sizeof(*l->modules));
	l->pages = calloc((size_t)n_pages, sizeof(*l->pages));
	for (int i = 0; l->modules && l->pages && i < n_pages * COLLECTORS; i++) {
		const struct page *page = &pages[i / COLLECTORS];
		enum collector by = (enum collector)(i % COLLECTORS);

		if (page->by & 1U << by) {
			add_module(l, page->origin.module, by);
			add_module(l, page->extension.module, by);
		}
	}
	fitting = l->modules ? realloc(l->modules, (size_t)l->n_modules * sizeof(*fitting)) : NULL;
	l->modules = fitting ? fitting : l->modules;
	return l->modules && l->pages;
}

void live_modules_free(struct live *l)
{
	for (int i = 0; i < l->n_modules; i++) {
		if (l->modules[i].session)
			state_free(&l->modules[i].session->state);
		free(l->modules[i].session);
		free(l->modules[i].exe);
		free(l->modules[i].ko.path);
		free(l->modules[i].why);
		free(l->modules[i].group);
		free(l->modules[i].ended_why);
	}
	free(l->modules);
}

/* The page with those of its collectors that may be taken. */
static struct page allowed(const struct live *l, const struct page *page)
{
	struct page narrow = *page;

	if (l->o.collectors)
		narrow.by &= l->o.collectors;
	return narrow;
}

/* Sees which module each page has its figures from. */
static void find_modules(struct live *l)
{
	for (int i = 0; i < n_pages; i++) {
		const struct page page = allowed(l, &pages[i]);
		struct plan plan;

		free(l->pages[i].why);
		l->pages[i].why = NULL;
		l->pages[i].module = NULL;
		if (!page.by)
			fail(&l->pages[i].why, 0,
			     "none of its collectors is allowed here: see \"collectors\" of the "
			     "target");
		else if (!choose(&page, &l->target, l->o.collector, l->o.pack, &plan,
				 &l->pages[i].why))
			l->pages[i].module = live_module_named(l, plan.module, plan.collector);
	}
	l->judged = false;
	l->versions++;
}

void live_target_judge(struct live *l)
{
	struct judge j = {
		.host = &l->host, .checks = &l->checks, .target = &l->target, .pack = l->o.pack
	};
	const char *root = getenv(HOST_ROOT);

	if (l->judged || !l->has_target)
		return;
	l->judged = true;
	if (!l->checks.n)
		host_check(root ? root : "", &l->host, &l->checks);
	judge_prepare(&j);
	for (int i = 0; i < n_pages; i++) {
		const struct page page = allowed(l, &pages[i]);
		char *why;
		int by;

		if (!l->pages[i].module)
			continue;
		if (judge_page(&j, &page, &by, &why))
			free(why);
		else
			l->pages[i].why = why;
	}
}

/* Opens the target; without one the pages wait for it. Returns 0, or -errno with *msg. */
int live_target_open(struct live *l, char **msg)
{
	int err = presence_find(&l->o, msg);
	bool host = !opts_name_program(&l->o) && !l->o.command;

	if (!err && host)
		target_host(&l->target);
	else if (!err)
		err = target_open(&l->target, &l->o, msg);
	if (err)
		return err;
	l->has_target = true;
	l->gone = false;
	free(l->exe);
	l->exe = strdup(l->target.n_files ? l->target.files[0].path : host ? "this host" : "?");
	interpreter_read(&l->interpreter, &l->target);
	find_modules(l);
	own_process(l->source.own, l->target.pid, NULL);
	presence_begin(&l->presence, &l->target, &l->o);
	return 0;
}

void live_target_close(struct live *l)
{
	if (l->has_target) {
		target_close(&l->target);
		interpreter_free(&l->interpreter);
	}
	l->has_target = false;
}

static bool all_cold(const struct live *l)
{
	for (int i = 0; i < l->n_modules; i++) {
		if (l->modules[i].phase != COLD && l->modules[i].phase != FAILED)
			return false;
	}
	return true;
}

bool live_at_rest(struct source *s)
{
	const struct live *l = (struct live *)s;
	bool kept = false;

	for (int i = 0; i < l->n_modules; i++)
		kept |= l->modules[i].drawn;
	return !kept && all_cold(l);
}

/* The target has ended: modules send their last snapshot and go. */
static void lose_target(struct live *l, char *why)
{
	l->gone = true;
	free(l->gone_why);
	l->gone_why = why;
	own_process(l->source.own, 0, why);
	say_why(why, -ESRCH);
	l->idle = false;
	live_modules_stop(l);
}

/* Whether a process runs the binary decides whether its pages go on. */
static void look_for_processes(struct live *l)
{
	bool idle = presence_idle(&l->presence, l->now_ms);

	if (idle == l->idle)
		return;
	l->idle = idle;
	if (idle) {
		free(l->gone_why);
		l->gone_why = NULL;
		fail(&l->gone_why, 0, "no process runs %s any more", l->exe);
	}
	for (int i = 0; i < l->n_modules; i++)
		l->modules[i].version++;
}

/* Sees whether the target is still there, or there again. */
void live_target_look(struct live *l)
{
	char *why = NULL;

	if (l->now_ms - l->looked_ms < LIVE_LOOK_MS)
		return;
	l->looked_ms = l->now_ms;
	if (l->has_target && !l->gone) {
		why = presence_lost(&l->presence, &l->target, l->now_ms);
		if (why) {
			lose_target(l, why);
			return;
		}
		look_for_processes(l);
	}
	if (l->has_target && l->gone && all_cold(l) && presence_back(&l->presence))
		live_target_close(l);
	if (l->has_target)
		return;
	if (!live_target_open(l, &why))
		say("the target is there: %s", l->exe);
	free(why);
}

int live_there(const struct opts *o, char **msg)
{
	return presence_now(o, msg);
}
