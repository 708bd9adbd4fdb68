// SPDX-License-Identifier: GPL-2.0-or-later
#include "source/live.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fail.h"
#include "base/log.h"
#include "module/module.h"

#define RETRY_MS 10000 /* after a failure */
#define LOAD_S 3       /* what a client is told */
#define COMPILE_S 30

/* The module behind a page; NULL: there is none, see l->pages. */
static struct module *module_of(struct live *l, const struct page *page)
{
	return l->pages[page - pages].module;
}

/* The modules that a page draws from, too, where they can be had at once. */
static void want_also(struct live *l, const struct page *page)
{
	for (int k = 0; k < PAGE_ALSO && page->also[k]; k++) {
		for (int i = 0; i < n_pages; i++) {
			struct module *m = l->pages[i].module;

			if (pages[i].number != page->also[k] || !m)
				continue;
			m->asked_ms = l->now_ms;
			if (m->phase == COLD && l->has_target && !l->gone &&
			    live_module_ready(l, m))
				live_module_begin(l, m);
		}
	}
}

/* What all modules know, this one first. */
static void gather(const struct live *l, const struct module *own, struct states *all)
{
	*all = (struct states){ .list = { &own->session->state }, .n = 1, .limits = &l->limits };
	for (int i = 0; i < l->n_modules && all->n < STATES; i++) {
		if (&l->modules[i] != own && l->modules[i].drawn)
			all->list[all->n++] = &l->modules[i].session->state;
	}
}

static void live_want(struct source *s, const struct page *page, int64_t now_ms)
{
	struct live *l = (struct live *)s;
	struct module *m = module_of(l, page);

	l->now_ms = now_ms;
	if (!m)
		return;
	m->asked_ms = now_ms;
	want_also(l, page);
	if (l->has_target && !l->gone &&
	    (m->phase == COLD || (m->phase == FAILED && now_ms - m->since_ms > RETRY_MS)))
		live_module_begin(l, m);
}

static uint32_t live_version(struct source *s, const struct page *page)
{
	struct live *l = (struct live *)s;
	struct module *m = module_of(l, page);

	return 1 + l->versions + (m ? m->version : 0);
}

/* The last page of a target that has ended, with a line that says so above it. */
static char *draw_ended(const char *why, bool json, char *page)
{
	char *out = NULL;

	if (json || !page)
		return page;
	if (asprintf(&out, "ENDED: %s; this is its last page.\n\n%s",
		     why ? why : "the target is gone", page) < 0)
		out = NULL;
	free(page);
	return out;
}

/* What a page of a module that has been drawn is drawn from. */
static void describe(struct live *l, struct module *m, const struct page *page, struct render *r,
		     struct states *all)
{
	gather(l, m, all);
	*r = (struct render){ .page = page,
			      .target = &m->shown,
			      .state = &m->session->state,
			      .states = all,
			      .number = m->number,
			      .last = m->ended,
			      .silent_s = m->phase == LIVE ? session_silent_s(m->session) : 0,
			      .width = l->source.width,
			      .sort = l->sort };
}

static void live_show(struct source *s, const struct page *page, struct render *r,
		      struct states *all)
{
	struct live *l = (struct live *)s;
	struct module *m = module_of(l, page);

	if (m && m->drawn && !m->ended && !l->idle)
		describe(l, m, page, r, all);
}

static enum page_state draw_state(struct live *l, struct module *m, const struct page *page,
				  bool json, char **text)
{
	struct states all;
	struct render r;

	describe(l, m, page, &r, &all);
	*text = render_pages(json ? OUTPUT_JSON : OUTPUT_TEXT, &r, 1);
	if (m->ended || l->idle) {
		*text = draw_ended(m->ended ? m->ended_why : l->gone_why, json, *text);
		return PAGE_ENDED;
	}
	return PAGE_LIVE;
}

static enum page_state warming(const struct page *page, bool json, int seconds, char **text)
{
	*text = source_notice(page, json, "warming", seconds,
			      "The page is warming up: ask again in %d s.", seconds);
	return PAGE_WARMING;
}

static const char *no_module(const struct live *l, const struct page *page)
{
	const char *why = l->pages[page - pages].why;

	return why ? why : l->gone_why ? l->gone_why : "there is no target yet";
}

static enum page_state live_draw(struct source *s, const struct page *page, bool json, char **text)
{
	struct live *l = (struct live *)s;
	struct module *m = module_of(l, page);

	if (!m) {
		*text = source_notice(page, json, "cannot", 0, "It does not work here: %s",
				      no_module(l, page));
		return PAGE_CANNOT;
	}
	if (m->drawn)
		return draw_state(l, m, page, json, text);
	switch (m->phase) {
	case FAILED:
		*text = source_notice(page, json, "cannot", RETRY_MS / 1000, "It does not work: %s",
				      m->why ? m->why : "no reason is known");
		return PAGE_CANNOT;
	case COMPILING:
		return warming(page, json, COMPILE_S, text);
	case COLD:
		if (!l->has_target || l->gone) {
			*text = source_notice(page, json, "cannot", LIVE_LOOK_MS / 1000,
					      "There is nothing to watch: %s",
					      l->gone_why ? l->gone_why : "no target yet");
			return PAGE_CANNOT;
		}
		return warming(page, json, LOAD_S, text);
	default:
		return warming(page, json, LOAD_S, text);
	}
}

static enum page_state live_judge(struct source *s, const struct page *page, char **why)
{
	struct live *l = (struct live *)s;
	struct module *m = module_of(l, page);

	if (m && m->drawn)
		return m->ended || l->idle ? PAGE_ENDED : PAGE_LIVE;
	if (m && m->phase != FAILED && m->phase != COLD)
		return PAGE_WARMING;
	if (m && m->phase == FAILED) {
		*why = strdup(m->why ? m->why : "it failed");
		return PAGE_CANNOT;
	}
	if (m && l->has_target && !l->gone) {
		live_target_judge(l); /* which takes its time */
		if (!l->pages[page - pages].why)
			return PAGE_NONE; /* can work */
	}
	*why = strdup(no_module(l, page));
	return PAGE_CANNOT;
}

static char *live_headline(struct source *s)
{
	struct live *l = (struct live *)s;
	char *line = NULL;

	if (!l->exe)
		fail(&line, 0, "no target yet: %s", l->gone_why ? l->gone_why : "");
	else if (l->gone)
		fail(&line, 0, "%s: %s", l->exe, l->gone_why);
	else if (l->o.pid)
		fail(&line, 0, "%s, process %d", l->exe, l->o.pid);
	else if (l->target.kind == TARGET_GROUP)
		fail(&line, 0, "%s, %s", l->exe, l->target.group.name);
	else if (l->target.kind == TARGET_HOST)
		fail(&line, 0, "%s", l->exe);
	else
		fail(&line, 0, "%s, every process", l->exe);
	return line;
}

static int live_fds(struct source *s, struct pollfd *fds)
{
	struct live *l = (struct live *)s;
	int n = 0;

	n = own_fds(l->source.own, fds);
	if (l->has_target && !l->gone && l->target.pidfd >= 0)
		fds[n++] = (struct pollfd){ .fd = l->target.pidfd, .events = POLLIN };
	for (int i = 0; i < l->n_modules && n < SOURCE_FDS - 3; i++) {
		struct module *m = &l->modules[i];
		bool loaded = m->phase >= LOADING && m->phase <= UNLOADING;

		if (loaded && m->session->runner.out >= 0)
			fds[n++] = (struct pollfd){ m->session->runner.out, POLLIN, 0 };
		if (loaded && m->session->runner.err >= 0)
			fds[n++] = (struct pollfd){ m->session->runner.err, POLLIN, 0 };
		if (m->compiler_fd >= 0)
			fds[n++] = (struct pollfd){ m->compiler_fd, POLLIN, 0 };
	}
	return n;
}

static int live_step(struct source *s, int64_t now_ms)
{
	struct live *l = (struct live *)s;
	int due = LIVE_LOOK_MS, own = own_step(l->source.own, now_ms);

	l->now_ms = now_ms;
	if (own >= 0 && own < due)
		due = own;
	if (l->has_target && !l->gone && target_gone(&l->target))
		l->looked_ms = 0;
	live_target_look(l);
	for (int i = 0; i < l->n_modules; i++) {
		struct module *m = &l->modules[i];
		struct pollfd fd = { .fd = m->compiler_fd, .events = POLLIN };

		if (m->compiler_fd >= 0 && poll(&fd, 1, 0) > 0)
			live_module_compiled(l, m);
		live_module_step(l, m);
		if (m->phase == LIVE && m->next_ms - now_ms < due)
			due = m->next_ms > now_ms ? (int)(m->next_ms - now_ms) : 0;
		if (m->phase == LOADING || m->phase == WAITING)
			due = due < 100 ? due : 100;
	}
	return due;
}

static void live_tune(struct source *s, double interval, int sort)
{
	struct live *l = (struct live *)s;

	l->o.interval = interval;
	l->sort = sort;
	l->versions++;
	for (int i = 0; i < l->n_modules; i++) {
		int64_t next = l->now_ms + (int64_t)(interval * 1000);

		if (l->modules[i].next_ms > next)
			l->modules[i].next_ms = next;
	}
}

/* As when the target ends: what is still in the kernel is collected. */
static void live_last(struct source *s)
{
	struct live *l = (struct live *)s;
	bool busy = true;
	int lag = 0;

	for (int i = 0; i < l->n_modules && !l->gone; i++) {
		const struct module *m = &l->modules[i];
		int own = m->phase == LIVE ? session_lag_ms(m->session) : 0;

		lag = own > lag ? own : lag;
	}
	poll(NULL, 0, lag);
	if (!l->gone_why)
		l->gone_why = strdup("the watch is over");
	live_modules_stop(l);
	while (busy) {
		struct pollfd fds[SOURCE_FDS];

		busy = false;
		l->now_ms = clock_ms(CLOCK_MONOTONIC);
		for (int i = 0; i < l->n_modules; i++) {
			if (l->modules[i].phase == LAST)
				live_module_step(l, &l->modules[i]);
			busy |= l->modules[i].phase == LAST;
		}
		if (busy)
			poll(fds, (nfds_t)live_fds(s, fds), 50);
	}
}

static void live_close(struct source *s)
{
	struct live *l = (struct live *)s;
	bool busy = true;

	l->now_ms = clock_ms(CLOCK_MONOTONIC);
	for (int i = 0; i < l->n_modules; i++) {
		struct module *m = &l->modules[i];

		if (m->compiler > 0)
			kill(m->compiler, SIGKILL);
		if (m->phase == LOADING || m->phase == LIVE || m->phase == LAST)
			live_module_unload(l, m, COLD);
	}
	/* live_module_step gives a module up when its time is over. */
	while (busy) {
		struct pollfd fds[SOURCE_FDS];

		busy = false;
		l->now_ms = clock_ms(CLOCK_MONOTONIC);
		for (int k = 0; k < l->n_modules; k++) {
			if (l->modules[k].phase == UNLOADING) {
				live_module_step(l, &l->modules[k]);
				busy = true;
			}
		}
		if (busy)
			poll(fds, (nfds_t)live_fds(s, fds), 50);
	}
	live_target_close(l);
	checks_free(&l->checks);
	for (int i = 0; l->pages && i < n_pages; i++)
		free(l->pages[i].why);
	free(l->pages);
	live_modules_free(l);
	free(l->exe);
	free(l->gone_why);
	own_close(l->source.own);
	free(l);
}

struct source *live_open(const struct opts *o, int *err, char **msg)
{
	struct live *l = calloc(1, sizeof(*l));

	*err = -ENOMEM;
	if (!l)
		return NULL;
	l->source = (struct source){ .want = live_want,
				     .draw = live_draw,
				     .show = live_show,
				     .version = live_version,
				     .judge = live_judge,
				     .headline = live_headline,
				     .fds = live_fds,
				     .step = live_step,
				     .tune = live_tune,
				     .last = live_last,
				     .at_rest = live_at_rest,
				     .close = live_close };
	l->o = *o;
	l->source.own = own_open();
	*err = l->source.own && live_modules_list(l) ? config_limits(o->config, &l->limits, msg)
						     : -ENOMEM;
	if (!*err)
		*err = live_target_open(l, msg);
	if (!*err)
		*err = target_start(&l->target, msg);
	if (*err == -ESRCH && (o->pid_file || o->pattern || (o->waits && o->group))) { /* not yet */
		l->gone_why = *msg;
		own_process(l->source.own, 0, *msg);
		*msg = NULL;
		*err = 0;
	}
	if (*err) {
		live_close(&l->source);
		return NULL;
	}
	target_release(&l->target);
	if (l->target.pid)
		own_process(l->source.own, l->target.pid, NULL);
	return &l->source;
}
