// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/screen_paint.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <termios.h>
#include <unistd.h>

#include "render/text_parts.h"

/* curses.h has macros for everything, erase() and move() among them: it comes last. */
#include <curses.h>

static const char help[] = "Keys\n\n"
			   "  210         go to page 210 (255: all pages)\n"
			   "  Tab         the next of the pages that were asked for\n"
			   "  space, p    pause, and go on\n"
			   "  left, right a moment back, forth, in a recording\n"
			   "  s, S        sort by the next column; as the page is\n"
			   "  +, -        more, less time between pages\n"
			   "  arrows      scroll; PgUp, PgDn, Home, End\n"
			   "  /, n        search for a word; the next line that has it\n"
			   "  h, ?        this help; any key leaves it\n"
			   "  q           leave\n";

/* One line of the picture, cut to its width. */
static void put_line(int row, const char *line, size_t len, int attributes)
{
	attrset((attr_t)attributes);
	mvaddnstr(row, 0, line, (int)len);
	attrset(A_NORMAL);
}

static int count_lines(const char *text)
{
	int n = 0;

	for (const char *p = text; *p; p++)
		n += *p == '\n' || !p[1];
	return n;
}

void screen_scroll_to(struct screen *s, int line)
{
	int most = s->n_lines - (LINES - 1);

	s->scroll = line > most ? most : line;
	s->scroll = s->scroll < 0 ? 0 : s->scroll;
	s->tail = most > 0 && s->scroll == most;
}

static void put_text(struct screen *s, const char *text)
{
	int row = 0, line = 0;

	s->n_lines = count_lines(text);
	if (s->tail && !s->helping)
		s->scroll = s->n_lines > LINES - 1 ? s->n_lines - (LINES - 1) : 0;
	for (const char *p = text; *p; line++) {
		size_t len = strcspn(p, "\n");
		bool loud = !strncmp(p, "ENDED", 5) || !strncmp(p, "NOT EXACT", 9) ||
			    !strncmp(p, "NO ANSWER", 9);

		if (line >= s->scroll && row < LINES - 1)
			put_line(row++, p, len,
				 loud || search_in(&s->search, p, len) ? A_REVERSE
				 : line == 0                           ? A_BOLD
								       : A_NORMAL);
		p += len + (p[len] == '\n');
	}
}

static void put_status(struct screen *s)
{
	char status[256];

	if (s->search.typing)
		snprintf(status, sizeof(status), "/%s", s->search.word);
	else if (*s->message)
		snprintf(status, sizeof(status), "%s", s->message);
	else if (*s->digits)
		snprintf(status, sizeof(status), "page %s", s->digits);
	else if (s->source->travel)
		snprintf(status, sizeof(status),
			 "left, right: a moment back, forth  space: play  255: contents  h: help  "
			 "q: leave");
	else
		snprintf(status, sizeof(status), "%s%.3g s%s%.0d  255: contents  h: help  q: leave",
			 s->paused ? "PAUSED  " : "", s->interval, s->sort ? "  sort " : "",
			 s->sort);
	attrset(A_REVERSE);
	mvhline(LINES - 1, 0, ' ', COLS);
	mvaddnstr(LINES - 1, 0, status, COLS);
	attrset(A_NORMAL);
}

void screen_throw_away(int number)
{
	int err = errno;

	(void)number;
	tcflow(STDOUT_FILENO, TCOON);
	tcflush(STDOUT_FILENO, TCOFLUSH);
	errno = err;
}

void screen_limit_writing(int seconds)
{
	const struct itimerval t = { { seconds, 0 }, { seconds, 0 } };

	setitimer(ITIMER_REAL, &t, NULL);
}

void screen_paint(struct screen *s)
{
	struct pollfd room = { .fd = STDOUT_FILENO, .events = POLLOUT };
	char *keys;

	if (!s->redraw || poll(&room, 1, 0) == 0)
		return;
	s->redraw = false;
	erase();
	keys = s->helping ? text_wrap(strdup(help), COLS) : NULL;
	put_text(s, keys ? keys : s->text ? s->text : "");
	free(keys);
	put_status(s);
	move(LINES - 1, 0);
	screen_limit_writing(WRITE_S);
	refresh();
	screen_limit_writing(0);
}
