/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * source: where the engine has its pages from: a target (live.h) or a recording
 * (recording.c); and where a terminal has them from: a target, a recording, or a
 * server (net/remote_source.c). All times are milliseconds of CLOCK_MONOTONIC.
 */
#ifndef TELETAP_SOURCE_SOURCE_H
#define TELETAP_SOURCE_SOURCE_H

#include <poll.h>
#include <stdint.h>

#include "base/options.h"
#include "pages/page.h"
#include "pages/page_state.h"
#include "source/program_pages.h"

#define SOURCE_FDS 128

struct render;

struct source {
	/* The page was asked for: its module is loaded, or stays. */
	void (*want)(struct source *s, const struct page *page, int64_t now_ms);

	/* Draws the page as it is now; *text is to be freed, NULL when out of memory. */
	enum page_state (*draw)(struct source *s, const struct page *page, bool json, char **text);

	/*
	 * What the page is to be drawn from, for a document of several pages: with a state when
	 * its figures are those of now. r and all are filled, and point into the source.
	 */
	void (*show)(struct source *s, const struct page *page, struct render *r,
		     struct states *all);

	/* Changes whenever draw would draw something else. Never 0. */
	uint32_t (*version)(struct source *s, const struct page *page);

	/* For the contents: live, can work, or PAGE_CANNOT and *why (to be freed). */
	enum page_state (*judge)(struct source *s, const struct page *page, char **why);

	/* A line about the target; to be freed. */
	char *(*headline)(struct source *s);

	/* Fills in what is to be polled; returns how many. */
	int (*fds)(struct source *s, struct pollfd *fds);

	/* Does what is due. Returns how many ms from now on it is due again. */
	int (*step)(struct source *s, int64_t now_ms);

	/* For the terminal: time between pages, and struct render's sort; NULL: cannot. */
	void (*tune)(struct source *s, double interval, int sort);

	/*
	 * For the terminal: goes so many moments forth, or back, and stays there; 0: holds
	 * it, or lets it run again. NULL: its time is not ours.
	 */
	void (*travel)(struct source *s, int moments);

	/* Makes the pages that are live the last ones; close follows. NULL: nothing to do. */
	void (*last)(struct source *s);

	int width; /* of the terminal; 0: the pages are for others (struct render has it) */

	struct own *own; /* pages that the program draws itself; NULL: it cannot be asked */

	bool remote; /* it knows pages that we do not, and the contents */

	/* Whether nothing would be lost if it were closed: nothing is loaded, no page is kept. */
	bool (*at_rest)(struct source *s);

	/* Unloads everything; takes its time. */
	void (*close)(struct source *s);
};

/* Each returns NULL with *msg and *err set when it cannot be. */
struct source *live_open(const struct opts *o, int *err, char **msg);
struct source *source_recording_open(const struct opts *o, const char *path, bool held, int *err,
				     char **msg);
struct source *source_server_open(const struct opts *o, const char *host, const char *target,
				  const unsigned char *key);

/* Whether the target that o names is there now. Returns 0, or -errno with *msg; -EINVAL: never. */
int live_there(const struct opts *o, char **msg);

/* Pages of a target for the document of metrics. */
struct source_pages {
	struct source *source; /* NULL: they are down */
	const char *name;      /* of the target in the configuration; NULL: it has none */
	const bool *wanted;    /* for each of pages[] */
};

/* The document of metrics; to be freed. NULL: out of memory. */
char *source_metrics(const struct source_pages *from, int n);

/* For a page without figures: some lines, as text or JSON; to be freed. */
char *source_notice(const struct page *page, bool json, const char *state, int again_s,
		    const char *fmt, ...) __attribute__((format(printf, 5, 6)));

#endif
