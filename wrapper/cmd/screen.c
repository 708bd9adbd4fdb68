// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ncurses sends what has changed only, so a slow line will do.
 */
#include "cmd/screen.h"

#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fail.h"
#include "base/signals.h"
#include "cmd/screen_paint.h"
#include "net/contents.h"
#include "render/text_parts.h"

/* curses.h has macros for everything, erase() and move() among them: it comes last. */
#include <curses.h>

#define WANT_MS 1000
#define DIGITS_MS 2000 /* then those typed so far are forgotten */
#define INTERVAL_MIN 0.1
#define INTERVAL_MAX 3600.0

/* In the background, as below timeout(1), setting the terminal stops the process for ever. */
static bool is_in_foreground(void)
{
	return tcgetpgrp(STDIN_FILENO) == getpgrp();
}

bool screen_possible(const struct opts *o)
{
	const char *term = getenv("TERM");

	return o->output == OUTPUT_TEXT && !o->count && isatty(STDIN_FILENO) &&
	       isatty(STDOUT_FILENO) && is_in_foreground() && term && *term &&
	       strcmp(term, "dumb") != 0;
}

static void go_to(struct screen *s, const struct page *page)
{
	s->page = page;
	s->version = 0;
	s->scroll = 0;
	s->found = -1;
	s->tail = page->number == PAGE_LOG; /* its last lines are the newest */
	s->wanted_ms = 0;
	s->paused = false;
}

static void go_to_number(struct screen *s, int number)
{
	for (int i = 0; i < n_pages; i++) {
		if (pages[i].number == number) {
			go_to(s, &pages[i]);
			return;
		}
	}
	if (number != PAGE_CONTENTS && !s->source->remote && !(own_is(number) && s->source->own)) {
		snprintf(s->message, sizeof(s->message), "%d: no such page: 255 lists them",
			 number);
		return;
	}
	s->other = (struct page){ .number = number,
				  .name = number == PAGE_CONTENTS ? "contents" : "",
				  .title = "" };
	go_to(s, &s->other);
}

static int width(void)
{
	return COLS > RENDER_LEAST ? COLS : RENDER_LEAST;
}

/* Draws the page anew when it has changed. */
static void refresh_text(struct screen *s)
{
	static const struct actions none;
	struct place only = { .source = s->source };
	struct places all = { .list = &only, .n = 1, .actions = &none };
	bool contents = !s->source->remote && s->page->number == PAGE_CONTENTS;
	bool own = s->source->own && own_is(s->page->number);
	uint32_t version = contents ? (uint32_t)(s->now_ms / WANT_MS) + 1
			   : own    ? own_version(s->source->own, s->page->number) + 1
				    : s->source->version(s->source, s->page);
	char *text = NULL;

	if (s->version == version || (s->paused && s->version))
		return;
	if (contents)
		text = contents_draw(&all, &only, 0, false);
	else if (own)
		own_draw(s->source->own, s->page->number, false, &text);
	else
		s->source->draw(s->source, s->page, false, &text);
	if (!text)
		return;
	free(s->text);
	s->text = text_wrap(text, width());
	s->version = version;
	s->redraw = true;
}

static void tune(struct screen *s, double factor, int sort)
{
	s->interval *= factor;
	s->interval = s->interval < INTERVAL_MIN ? INTERVAL_MIN : s->interval;
	s->interval = s->interval > INTERVAL_MAX ? INTERVAL_MAX : s->interval;
	s->sort = sort;
	if (s->source->tune)
		s->source->tune(s->source, s->interval, s->sort);
}

static void find_next(struct screen *s)
{
	int line = *s->search.word && s->text ? search_next(&s->search, s->text, s->found) : -1;

	if (line < 0) {
		snprintf(s->message, sizeof(s->message),
			 *s->search.word ? "%s: not on this page"
					 : "%sno word yet: / searches for one",
			 s->search.word);
		return;
	}
	s->found = line;
	screen_scroll_to(s, line);
}

/* How far a key scrolls; 0: it is none that does. */
static int lines_of(const struct screen *s, int key)
{
	switch (key) {
	case KEY_DOWN:
		return 1;
	case KEY_UP:
		return -1;
	case KEY_NPAGE:
		return LINES - 2;
	case KEY_PPAGE:
		return 2 - LINES;
	case KEY_HOME:
		return -s->scroll;
	case KEY_END:
		return s->n_lines;
	default:
		return 0;
	}
}

static void take_digit(struct screen *s, char digit)
{
	size_t n = strlen(s->digits);

	s->digits[n] = digit;
	s->digits[n + 1] = '\0';
	s->digits_ms = s->now_ms;
	if (n == 2) {
		go_to_number(s, atoi(s->digits));
		s->digits[0] = '\0';
	}
}

/* A key that stands for itself. False: leave. */
static bool take_command(struct screen *s, int key)
{
	switch (key) {
	case 'q':
		return false;
	case ' ':
	case 'p':
		if (s->source->travel)
			s->source->travel(s->source, 0);
		else
			s->paused = !s->paused;
		break;
	case KEY_LEFT:
	case KEY_RIGHT:
		if (s->source->travel)
			s->source->travel(s->source, key == KEY_LEFT ? -1 : 1);
		break;
	case '\t':
		s->which = (s->which + 1) % s->n_wanted;
		go_to(s, s->wanted[s->which]);
		break;
	case 's':
		tune(s, 1, s->sort + 1);
		break;
	case 'S':
		tune(s, 1, 0);
		break;
	case '+':
		tune(s, 2, s->sort);
		break;
	case '-':
		tune(s, 0.5, s->sort);
		break;
	case '/':
		search_begin(&s->search);
		break;
	case 'n':
		find_next(s);
		break;
	case 'h':
	case '?':
		s->helping = true;
		break;
	case KEY_RESIZE:
		s->source->width = width();
		s->version = 0;
		screen_scroll_to(s, s->scroll);
		clear();
		break;
	default:
		if (lines_of(s, key))
			screen_scroll_to(s, s->scroll + lines_of(s, key));
	}
	return true;
}

/* False: leave. */
static bool take_key(struct screen *s, int key)
{
	s->redraw = true;
	if (key != KEY_RESIZE)
		s->message[0] = '\0';
	if (s->search.typing && key != KEY_RESIZE) {
		if (search_key(&s->search, key == KEY_BACKSPACE ? '\b'
					   : key == KEY_ENTER   ? '\n'
								: key)) {
			s->found = s->scroll - 1;
			find_next(s);
		}
		return true;
	}
	if (s->helping && key != KEY_RESIZE) {
		s->helping = false;
		return key != 'q';
	}
	if (key >= '0' && key <= '9') {
		take_digit(s, (char)key);
		return true;
	}
	if (key != KEY_RESIZE)
		s->digits[0] = '\0';
	return take_command(s, key);
}

/* Wants pages, steps, draws. Returns how long nothing is due, in ms. */
static int go_on(struct screen *s)
{
	int due;

	s->now_ms = clock_ms(CLOCK_MONOTONIC);
	if (*s->digits && s->now_ms - s->digits_ms > DIGITS_MS) {
		s->digits[0] = '\0';
		s->redraw = true;
	}
	if (!s->wanted_ms || s->now_ms - s->wanted_ms >= WANT_MS) {
		s->wanted_ms = s->now_ms;
		if (s->source->own && (own_is(s->page->number) || s->page->number == PAGE_CONTENTS))
			own_want(s->source->own, s->page->number, s->now_ms);
		else if (s->source->remote || s->page->number != PAGE_CONTENTS)
			s->source->want(s->source, s->page, s->now_ms);
	}
	due = s->source->step(s->source, s->now_ms);
	refresh_text(s);
	screen_paint(s);
	return due < 250 ? due : 250;
}

static int loop(struct screen *s, int signals)
{
	struct pollfd fds[SOURCE_FDS + 3];
	int key, number;

	for (;;) {
		int due = go_on(s), n = 3;

		fds[0] = (struct pollfd){ .fd = STDIN_FILENO, .events = POLLIN };
		fds[1] = (struct pollfd){ .fd = signals, .events = POLLIN };
		fds[2] = (struct pollfd){ .fd = s->messages.out, .events = POLLIN };
		n += s->source->fds(s->source, fds + 3);
		poll(fds, (nfds_t)n, due);
		if (fds[1].revents && (number = signals_take(signals)))
			return number;
		if (fds[2].revents)
			s->redraw |= messages_take(&s->messages, s->message, sizeof(s->message));
		if (fds[0].revents & (POLLHUP | POLLERR))
			return SIGHUP;
		while ((key = getch()) != ERR) { /* also after a resize, which ends poll */
			if (!take_key(s, key))
				return 0;
		}
	}
}

int screen_run(struct source *source, const struct opts *o, const struct page *const *wanted, int n,
	       char **msg)
{
	struct screen s = {
		.source = source, .wanted = wanted, .n_wanted = n, .interval = o->interval
	};
	int signals = signals_open(false), ret;
	SCREEN *terminal;

	/* Pages are UTF-8, which the C locale would show as escapes. */
	if (!setlocale(LC_CTYPE, "") || MB_CUR_MAX == 1)
		setlocale(LC_CTYPE, "C.UTF-8");
	if (signals < 0 || messages_open(&s.messages))
		return fail(msg, errno, "pipe: %s", strerror(errno));
	terminal = newterm(NULL, stdout, stdin);
	if (!terminal)
		return fail(msg, ENOTTY, "the terminal is not known: set TERM, or use -n or | cat");
	messages_catch(&s.messages);
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(25);
	source->width = width();
	go_to(&s, wanted[0]);
	sigaction(SIGALRM,
		  &(struct sigaction){ .sa_handler = screen_throw_away, .sa_flags = SA_RESTART },
		  NULL);
	ret = loop(&s, signals);
	screen_limit_writing(WRITE_S);
	endwin();
	delscreen(terminal);
	screen_limit_writing(0);
	messages_release(&s.messages);
	if (ret != SIGHUP && source->last) {
		source->last(source);
		s.paused = false;
		refresh_text(&s);
	}
	screen_limit_writing(WRITE_S);
	if (ret != SIGHUP && s.text)
		fputs(s.text, stdout);
	fflush(stdout);
	screen_limit_writing(0);
	free(s.text);
	messages_close(&s.messages);
	close(signals);
	return ret;
}
