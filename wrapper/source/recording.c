// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A recording as a source: its pages follow each other as they were recorded, or, with
 * -i, at that pace; the last one stays. Or it is held, and goes where it is told.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fail.h"
#include "source/config.h"
#include "source/replay.h"
#include "source/source.h"

struct played {
	struct source source;
	const char *path;
	struct replay replay;
	int64_t next_ms, step_ms; /* step_ms 0: as recorded */
	uint32_t version;
	long taken; /* moments since the beginning */
	bool held, ended;
	struct status_limits limits;
	char *why;
};

static void want(struct source *s, const struct page *page, int64_t now_ms)
{
	(void)s, (void)page, (void)now_ms;
}

static uint32_t version(struct source *s, const struct page *page)
{
	(void)page;
	return ((struct played *)s)->version;
}

static void show(struct source *s, const struct page *page, struct render *r, struct states *all)
{
	struct played *p = (struct played *)s;

	*all = (struct states){ .limits = &p->limits };
	*r = (struct render){ .page = page,
			      .target = &p->replay.target,
			      .state = replay_state(&p->replay, page),
			      .states = all,
			      .width = p->source.width,
			      .number = (long)p->replay.number,
			      .last = p->replay.last };
	if (r->state)
		replay_states(&p->replay, page, all);
}

static enum page_state draw(struct source *s, const struct page *page, bool json, char **text)
{
	struct played *p = (struct played *)s;
	struct states all;
	struct render r;

	show(s, page, &r, &all);
	if (!r.state) {
		*text = source_notice(page, json, "cannot", 0, "The page was not recorded.");
		return PAGE_CANNOT;
	}
	*text = render_pages(json ? OUTPUT_JSON : OUTPUT_TEXT, &r, 1);
	return p->ended ? PAGE_ENDED : PAGE_LIVE;
}

static enum page_state judge(struct source *s, const struct page *page, char **why)
{
	struct played *p = (struct played *)s;

	if (replay_state(&p->replay, page))
		return p->ended ? PAGE_ENDED : PAGE_LIVE;
	*why = strdup("it was not recorded");
	return PAGE_CANNOT;
}

static char *headline(struct source *s)
{
	struct played *p = (struct played *)s;
	char *line = NULL;

	fail(&line, 0, "a recording of %s%s", p->replay.target.exe,
	     p->why     ? ", damaged from here on"
	     : p->ended ? ", at its end"
			: "");
	return line;
}

static int fds(struct source *s, struct pollfd *fds)
{
	(void)s, (void)fds;
	return 0;
}

/* Goes to the next moment; false when there is none. */
static bool take(struct played *p)
{
	p->version++;
	/* The moment that is shown now was taken before: its interval has begun. */
	if (p->taken)
		replay_shown(&p->replay);
	p->ended = replay_next(&p->replay, &p->why) < 1;
	p->taken += !p->ended;
	return !p->ended;
}

static int step(struct source *s, int64_t now_ms)
{
	struct played *p = (struct played *)s;
	int64_t before = p->replay.mono_ns;

	if (p->ended || p->held)
		return 1000;
	if (now_ms < p->next_ms)
		return (int)(p->next_ms - now_ms);
	if (!take(p))
		return 1000;
	p->next_ms = now_ms + (p->step_ms ? p->step_ms : (p->replay.mono_ns - before) / 1000000);
	if (p->next_ms < now_ms || p->next_ms > now_ms + 86400000)
		p->next_ms = now_ms + 1000; /* a recording is not trusted */
	return (int)(p->next_ms - now_ms);
}

/* There is no way back but from the beginning. */
static void rewind_to(struct played *p, long moment)
{
	replay_close(&p->replay);
	free(p->why);
	p->why = NULL;
	p->taken = 0;
	p->ended = replay_open(&p->replay, p->path, &p->why) != 0;
	while (p->taken < moment && !p->ended)
		take(p);
}

static void travel(struct source *s, int moments)
{
	struct played *p = (struct played *)s;

	p->held = moments || !p->held;
	p->next_ms = 0;
	if (moments < 0)
		rewind_to(p, p->taken + moments > 1 ? p->taken + moments : 1);
	while (moments-- > 0 && take(p))
		;
}

static void close_played(struct source *s)
{
	struct played *p = (struct played *)s;

	replay_close(&p->replay);
	free(p->why);
	free(p);
}

struct source *source_recording_open(const struct opts *o, const char *path, bool held, int *err,
				     char **msg)
{
	struct played *p = calloc(1, sizeof(*p));

	*err = p ? config_limits(o->config, &p->limits, msg) : -ENOMEM;
	if (!*err)
		*err = replay_open(&p->replay, path, msg);
	if (*err) {
		free(p);
		return NULL;
	}
	p->source = (struct source){ .want = want,
				     .draw = draw,
				     .show = show,
				     .version = version,
				     .judge = judge,
				     .headline = headline,
				     .fds = fds,
				     .step = step,
				     .travel = travel,
				     .close = close_played };
	p->path = path;
	p->step_ms = o->interval_given ? (int64_t)(o->interval * 1000) : 0;
	step(&p->source, clock_ms(CLOCK_MONOTONIC));
	p->held = held;
	return &p->source;
}
