/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * screen_paint: what the screen shows, and how it gets to the terminal.
 */
#ifndef TELETAP_CMD_SCREEN_PAINT_H
#define TELETAP_CMD_SCREEN_PAINT_H

#include "cmd/search.h"
#include "cmd/stderr_capture.h"
#include "source/source.h"

#define MESSAGE 200

struct screen {
	struct source *source;
	const struct page *const *wanted;
	int n_wanted, which; /* the present one of them */
	struct page other;   /* a page that our table lacks */
	const struct page *page;
	char *text;
	uint32_t version; /* of text; 0: it is to be drawn */
	int64_t contents_ms;
	double interval;
	int sort, scroll, n_lines;
	bool paused, helping, redraw;
	bool tail; /* the end of the page is shown, also when it grows */
	struct search search;
	int found; /* the line that was found last */
	char digits[4];
	int64_t digits_ms, wanted_ms, now_ms;
	char message[MESSAGE];
	struct messages messages;
};

/* As many lines, but not beyond the end of the page. */
void screen_scroll_to(struct screen *s, int line);

/* Paints what has changed. */
void screen_paint(struct screen *s);

/*
 * curses writes, and waits, until the terminal has taken all; one that has stalled never does.
 * The handler of SIGALRM throws away what it has not taken, after so many seconds (0: never).
 */
#define WRITE_S 2
void screen_throw_away(int number);
void screen_limit_writing(int seconds);

#endif
