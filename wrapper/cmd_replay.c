// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * teletap replay: the pages that teletap watch would have printed while teletap
 * record ran; on a terminal moment by moment, as the keys say.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "moment.h"
#include "replay.h"
#include "screen.h"
#include "teletap.h"

#define PAGES_MAX 64

struct show {
	const struct opts *o;
	struct replay replay;
	const struct page *pages[PAGES_MAX];
	int n_pages;
	int64_t from, to, at; /* INT64_MIN, INT64_MAX, 0: no limit */
	int64_t shown_ns;     /* time of the last page */
	int64_t second;       /* -i, in ns */
	long printed;
	char *held[PAGES_MAX]; /* with --at: the pages of the moment before */
	bool color, broken;
	struct status_limits limits;
};

static enum status refuse(char *msg, int err)
{
	say_why(msg, err);
	free(msg);
	return STATUS_REFUSED;
}

static bool choose(struct show *s, const struct page *page)
{
	if (s->n_pages == PAGES_MAX)
		return false;
	s->pages[s->n_pages++] = page;
	return true;
}

/* The pages asked for, or all that can be drawn. */
static enum status choose_pages(struct show *s)
{
	for (int i = 0; s->o->n_args == 1 && i < n_pages; i++) {
		if (replay_state(&s->replay, &pages[i]))
			choose(s, &pages[i]);
	}
	for (int i = 1; i < s->o->n_args; i++) {
		char *rest = s->o->args[i], *word;

		while ((word = strsep(&rest, ","))) {
			const struct page *page = page_find(word);

			if (!page) {
				say("%s: %s", word, page_missing(word));
				return STATUS_USAGE;
			}
			if (!replay_state(&s->replay, page)) {
				say("%s: the page was not recorded", word);
				return STATUS_NO;
			}
			if (!choose(s, page)) {
				say("%s: too many pages", word);
				return STATUS_USAGE;
			}
		}
	}
	return STATUS_OK;
}

static bool parse_time(const char *text, int64_t begin_ns, int64_t *ns)
{
	if (!text || moment_parse(text, begin_ns, ns))
		return true;
	say("%s: no time: 03:04:05, 2026-01-02T03:04:05 or +SECONDS after the beginning", text);
	return false;
}

/* A time that was read off a page, with seconds or milliseconds, includes that page. */
static int64_t up_to(int64_t ns)
{
	if (!ns || ns == INT64_MAX)
		return ns;
	return ns + (ns % 1000000000 ? 999999 : 999999999);
}

static char *draw(struct show *s, int page)
{
	struct states all = { .limits = &s->limits };
	struct render r = { .page = s->pages[page],
			    .target = &s->replay.target,
			    .state = replay_state(&s->replay, s->pages[page]),
			    .states = &all,
			    .color = s->color,
			    .number = (long)s->replay.number,
			    .last = s->replay.last };

	replay_states(&s->replay, s->pages[page], &all);
	return s->o->output == OUTPUT_JSON ? render_json(&r) : render_text(&r);
}

static void print_held(struct show *s)
{
	for (int i = 0; i < s->n_pages; i++) {
		s->broken |= !s->held[i] || puts(s->held[i]) < 0;
		free(s->held[i]);
		s->held[i] = NULL;
	}
	s->broken |= fflush(stdout) != 0;
	s->printed++;
}

/* Draws the present moment, and prints it unless a later one may be the one wanted. */
static void show_moment(struct show *s)
{
	for (int i = 0; i < s->n_pages; i++) {
		free(s->held[i]);
		s->held[i] = draw(s, i);
	}
	if (!s->at)
		print_held(s);
	s->shown_ns = s->replay.real_ns;
	replay_shown(&s->replay);
}

/* Returns 0, or -errno with *msg set. */
static int show_all(struct show *s, char **msg)
{
	int ret = 0;

	while (!s->broken && (!s->o->count || s->printed < s->o->count) &&
	       (ret = replay_next(&s->replay, msg)) > 0) {
		int64_t now = s->replay.real_ns;

		if (now > s->to || (s->at && now > s->at))
			break;
		if (now < s->from)
			replay_shown(&s->replay);
		else if (now - s->shown_ns >= s->second || s->replay.last)
			show_moment(s);
	}
	if (s->held[0])
		print_held(s);
	return ret < 0 ? ret : 0;
}

/* On a terminal: the first moment, and from there wherever the keys lead. */
static enum status step_through(struct show *s, const char *path, char **msg)
{
	int err = 0, ret;
	struct source *source = source_recording_open(s->o, path, true, &err, msg);

	if (!source)
		return refuse(*msg, err);
	ret = screen_run(source, s->o, s->pages, s->n_pages, msg);
	source->close(source);
	if (ret < 0)
		return refuse(*msg, ret);
	return ret ? (enum status)(STATUS_SIGNAL + ret) : STATUS_OK;
}

enum status cmd_replay(const struct opts *o)
{
	static struct show s;
	enum status status;
	char *msg = NULL;
	int64_t begin;
	int err;

	s = (struct show){ .o = o, .from = INT64_MIN, .to = INT64_MAX, .color = want_color(o) };
	if (!o->n_args || (o->at && (o->from || o->to))) {
		say(o->n_args ? "--at with --from or --to: it is one moment"
			      : "no recording: 'teletap record -w FILE' makes one");
		return STATUS_USAGE;
	}
	err = config_limits(o->config, &s.limits, &msg);
	if (err == -EINVAL) {
		say_why(msg, err);
		free(msg);
		return STATUS_USAGE;
	}
	if (!err)
		err = replay_open(&s.replay, o->args[0], &msg);
	if (err)
		return refuse(msg, err);
	begin = s.replay.real_ns;
	status = choose_pages(&s);
	if (!status && (!parse_time(o->at, begin, &s.at) || !parse_time(o->from, begin, &s.from) ||
			!parse_time(o->to, begin, &s.to)))
		status = STATUS_USAGE;
	if (status)
		goto out;
	if (screen_possible(o) && !o->at && !o->from && !o->to && s.n_pages) {
		status = step_through(&s, o->args[0], &msg);
		goto out;
	}
	s.at = up_to(s.at);
	s.to = up_to(s.to);
	s.second = o->interval_given ? (int64_t)(o->interval * 1e9) : 0;
	err = show_all(&s, &msg);
	if (err) {
		status = refuse(msg, err);
	} else if (s.broken) {
		say("standard output: %s", strerror(errno));
		status = STATUS_REFUSED;
	} else if (!s.printed) {
		say("the recording has no page at that time");
		status = STATUS_NO;
	} else if (s.replay.recording.cut) {
		vsay(o, "the recording was cut off: its last page is complete");
	}
out:
	replay_close(&s.replay);
	return status;
}
