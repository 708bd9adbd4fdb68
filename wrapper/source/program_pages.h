/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * program_pages: pages 300 to 399, which a program draws itself (python/teletap/_pages.py), asked
 * for at its socket, and never waited for longer than OWN_MS. What it answers is bounded
 * here, whatever it sends, and escaped when it is drawn. All times are milliseconds of
 * CLOCK_MONOTONIC.
 */
#ifndef TELETAP_SOURCE_PROGRAM_PAGES_H
#define TELETAP_SOURCE_PROGRAM_PAGES_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "pages/page.h"
#include "pages/page_state.h"

#define OWN_FIRST 300
#define OWN_LAST 399
#define OWN_PAGES (OWN_LAST - OWN_FIRST + 1)
#define OWN_LIST 255 /* asked for in the place of a page: which ones there are */
#define OWN_MS 2000
#define OWN_TEXT 65536 /* bytes of a page */
#define OWN_FDS 8      /* questions at a time */

struct own;

/* The last answer for a page, and the question that is open. */
struct own_answer {
	int fd; /* -1: no question is open */
	int64_t until_ms;
	uint32_t version;          /* changes with each answer; 0: none yet */
	bool good;                 /* text is the page's */
	bool cut, none;            /* there was more; there is no such page */
	char *name, *title, *text; /* NULL: not known; text: or why there is none */
};

/* Whether it is the number of such a page. */
bool own_is(int number);

/* NULL: out of memory. */
struct own *own_open(void);
void own_close(struct own *o);

/* The process that is asked from now on; 0: none, and why (copied). */
void own_process(struct own *o, pid_t pid, const char *why);

/* Asks for a page, or OWN_LIST, unless it has been asked and has not answered yet. */
void own_want(struct own *o, int number, int64_t now_ms);

/* Whether an answer, if only that there is none, is still to come. */
bool own_waits(const struct own *o, int number);

/* Fills in what is to be polled; returns how many, OWN_FDS at most. */
int own_fds(const struct own *o, struct pollfd *fds);

/* Takes what has come. Returns how many ms from now on it is due again; -1: never. */
int own_step(struct own *o, int64_t now_ms);

/* What the program has answered. */
const struct own_answer *own_answer(const struct own *o, int number);
uint32_t own_version(const struct own *o, int number);

/* program_pages_draw.c: draws the last answer; *text is to be freed, NULL when out of memory. */
enum page_state own_draw(const struct own *o, int number, bool json, char **text);

/*
 * Asks a process which pages it has, and waits for the answer, OWN_MS at most. To be closed;
 * NULL: out of memory.
 */
struct own *own_ask(pid_t pid);

/* A page of the list that came last: its name and title, or false. They belong to o. */
bool own_listed(const struct own *o, int number, const char **name, const char **title);

#endif
