// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * teletap replay: the pages that teletap watch would have printed while teletap
 * record ran; on a terminal moment by moment, as the keys say.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/replay_info.h"
#include "cmd/screen.h"
#include "cmd/spelling.h"
#include "cmd/time_argument.h"
#include "source/config.h"
#include "source/replay.h"

#define PAGES_MAX 64

/* A time that was asked for. */
struct when {
	const char *text; /* NULL: none */
	bool relative;    /* it is so long after the beginning, by the monotonic clock */
	int64_t ns, up_to;
};

struct moment_time {
	int64_t real_ns, mono_ns;
	bool whole; /* the interval of a page ends here, */
	bool shown; /* and the page is one of those wanted */
};

struct show {
	const struct opts *o;
	struct replay replay;
	const struct page *pages[PAGES_MAX];
	int n_pages;
	struct when from, to, at;
	int64_t begin_real_ns, begin_mono_ns;
	struct moment_time *moments;  /* all that have pages */
	size_t n_moments, first, end; /* those before first, and from end on, are not wanted */
	long printed;
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

static void say_not_recorded(struct show *s, const char *word)
{
	char *names = replay_pages(&s->replay);

	say("%s: the page was not recorded; recorded were: %s", word,
	    names && *names ? names : "none");
	free(names);
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
				char hint[SPELLING_MAX];

				say("%s%s: %s", word, spelling_pages(word, hint),
				    page_missing(word));
				return STATUS_USAGE;
			}
			if (!replay_state(&s->replay, page)) {
				say_not_recorded(s, word);
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

/* A time that was read off a page, with seconds or milliseconds, includes that page. */
static bool take_time(const struct show *s, const char *text, struct when *w)
{
	*w = (struct when){ .text = text };
	if (!text)
		return true;
	if (!moment_parse(text, s->begin_real_ns, &w->ns)) {
		say("%s: no time: 03:04:05, 2026-01-02T03:04:05 or +SECONDS after the beginning",
		    text);
		return false;
	}
	w->up_to = w->ns + (w->ns % 1000000000 ? 999999 : 999999999);
	if (*text == '+') {
		w->relative = true;
		w->ns -= s->begin_real_ns;
		w->up_to = w->ns + 999999;
	}
	return true;
}

/* The present moment, to be freed. */
static char *draw(struct show *s)
{
	static struct render list[PAGES_MAX];
	static struct states all[PAGES_MAX];

	for (int i = 0; i < s->n_pages; i++) {
		all[i] = (struct states){ .limits = &s->limits };
		replay_states(&s->replay, s->pages[i], &all[i]);
		list[i] = (struct render){ .page = s->pages[i],
					   .target = &s->replay.target,
					   .state = replay_state(&s->replay, s->pages[i]),
					   .states = &all[i],
					   .color = s->color,
					   .width = want_width(),
					   .number = (long)s->replay.number,
					   .last = s->replay.last };
	}
	return render_pages(s->o->output, list, s->n_pages);
}

/* The moment's time as w counts. */
static int64_t time_as(const struct show *s, const struct moment_time *m, const struct when *w)
{
	return w->relative ? m->mono_ns - s->begin_mono_ns : m->real_ns;
}

/* Goes through the recording once. Where it is damaged, it ends. */
static int list_moments(struct show *s)
{
	size_t room = 0;

	while (replay_next(&s->replay, NULL) > 0) {
		if (s->n_moments == room) {
			struct moment_time *more;

			room = 2 * room + 64;
			more = reallocarray(s->moments, room, sizeof(*more));
			if (!more)
				return -ENOMEM;
			s->moments = more;
		}
		s->moments[s->n_moments++] = (struct moment_time){ .real_ns = s->replay.real_ns,
								   .mono_ns = s->replay.mono_ns };
	}
	return 0;
}

/*
 * Of the moments that would be shown, leaves the last one up to --at. There is none when the
 * recording ends earlier, and there are several when the clock was set back meanwhile.
 */
static void choose_at(struct show *s)
{
	struct moment_time *before = NULL;

	for (size_t i = 0; i < s->n_moments; i++) {
		struct moment_time *m = &s->moments[i];
		int64_t now = time_as(s, m, &s->at);

		if (!m->whole)
			continue;
		if (before)
			before->shown = now > s->at.up_to;
		m->shown = now >= s->at.ns && now <= s->at.up_to; /* if it is the last one */
		before = now <= s->at.up_to ? m : NULL;
	}
}

/*
 * From the first moment that --from allows to the last one that --to does, so that no page
 * is missing where the clock was set back in between; with -i, not more often than that.
 */
static void choose_moments(struct show *s)
{
	int64_t second = s->o->interval_given ? (int64_t)(s->o->interval * 1e9) : 0;
	int64_t shown_ns = 0;
	size_t end = s->n_moments;
	bool any = false;

	while (s->from.text && s->first < end &&
	       time_as(s, &s->moments[s->first], &s->from) < s->from.ns)
		s->first++;
	while (s->to.text && end > s->first &&
	       time_as(s, &s->moments[end - 1], &s->to) > s->to.up_to)
		end--;
	for (size_t i = s->first; i < end; i++) {
		struct moment_time *m = &s->moments[i];

		m->whole = !any || m->mono_ns - shown_ns >= second || i + 1 == s->n_moments;
		m->shown = m->whole;
		if (m->whole)
			shown_ns = m->mono_ns;
		any = true;
	}
	if (s->at.text)
		choose_at(s);
	s->end = s->to.text || s->at.text ? 0 : SIZE_MAX;
	for (size_t i = 0; i < s->n_moments; i++) {
		if (s->moments[i].shown && s->end <= i)
			s->end = i + 1;
	}
}

static void print_moment(struct show *s)
{
	char *pages_now = s->n_pages ? draw(s) : NULL;

	s->broken |= (s->n_pages && !pages_now) || (pages_now && puts(pages_now) < 0) ||
		     fflush(stdout) != 0;
	free(pages_now);
	s->printed++;
}

/* Returns 0, or -errno with *msg set. */
static int show_all(struct show *s, char **msg)
{
	int ret = 0;

	for (size_t i = 0; !s->broken && i < s->end; i++) {
		if (s->o->count && s->printed >= s->o->count)
			break;
		ret = replay_next(&s->replay, msg);
		if (ret < 1 || i >= s->n_moments)
			break;
		if (s->moments[i].shown)
			print_moment(s);
		if (s->moments[i].whole || i < s->first)
			replay_shown(&s->replay);
	}
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

static void say_no_page(const struct show *s)
{
	char first[32], last[32];

	if (!s->n_moments) {
		say("the recording has no page");
		return;
	}
	moment_format(s->moments[0].real_ns, first);
	moment_format(s->moments[s->n_moments - 1].real_ns, last);
	say("the recording has no page at that time: its first one is of %s, its last one of %s",
	    first, last);
}

/* Draws what was asked for, again from the beginning. */
static enum status draw_chosen(struct show *s, char **msg)
{
	int err = list_moments(s);

	replay_close(&s->replay);
	choose_moments(s);
	if (!err)
		err = replay_open(&s->replay, s->o->args[0], msg);
	if (!err)
		err = show_all(s, msg);
	if (err)
		return refuse(*msg, err);
	if (s->broken) {
		say("standard output: %s", strerror(errno));
		return STATUS_REFUSED;
	}
	if (!s->printed) {
		say_no_page(s);
		return STATUS_NO;
	}
	if (s->at.text && s->printed > 1)
		say("%s: the clock was set back during the recording: %ld pages are of that time",
		    s->at.text, s->printed);
	if (s->replay.recording.cut)
		vsay("the recording was cut off: its last page is complete");
	return STATUS_OK;
}

/* Reads the line and opens the recording; what is wrong with them has then been said. */
static enum status open_show(struct show *s)
{
	const struct opts *o = s->o;
	enum status status;
	char *msg = NULL;
	int err;

	if (!o->n_args || (o->at && (o->from || o->to))) {
		say(o->n_args ? "--at with --from or --to: it is one moment"
			      : "no recording: 'teletap record -w FILE' makes one");
		return STATUS_USAGE;
	}
	if (o->info && o->output == OUTPUT_OPENMETRICS) {
		say("--info: as text or JSON");
		return STATUS_USAGE;
	}
	if (o->info &&
	    (o->n_args > 1 || o->at || o->from || o->to || o->interval_given || o->count)) {
		say("--info: it takes a recording, and neither pages nor times");
		return STATUS_USAGE;
	}
	err = config_limits(o->config, &s->limits, &msg);
	if (err == -EINVAL) {
		say_why(msg, err);
		free(msg);
		return STATUS_USAGE;
	}
	if (!err)
		err = replay_open(&s->replay, o->args[0], &msg);
	if (err)
		return refuse(msg, err);
	s->begin_real_ns = s->replay.real_ns;
	s->begin_mono_ns = s->replay.mono_ns;
	status = choose_pages(s);
	if (!status && !(take_time(s, o->at, &s->at) && take_time(s, o->from, &s->from) &&
			 take_time(s, o->to, &s->to)))
		status = STATUS_USAGE;
	return status;
}

static enum status print_info(struct show *s)
{
	int err = replay_info(&s->replay, s->o->output);

	if (!err)
		return STATUS_OK;
	say("standard output: %s", strerror(-err));
	return STATUS_REFUSED;
}

enum status cmd_replay(const struct opts *o)
{
	static struct show s;
	enum status status;
	char *msg = NULL;

	s = (struct show){ .o = o, .color = want_color(o) };
	status = open_show(&s);
	if (!status && o->info)
		status = print_info(&s);
	else if (!status && screen_possible(o) && !o->at && !o->from && !o->to && s.n_pages)
		status = step_through(&s, o->args[0], &msg);
	else if (!status)
		status = draw_chosen(&s, &msg);
	replay_close(&s.replay);
	free(s.moments);
	return status;
}
