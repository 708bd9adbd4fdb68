// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A server as a source: the page that was wanted last is asked for every interval.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/quote.h"
#include "net/client.h"
#include "net/datagram.h"
#include "source/source.h"

#define PATIENCE_S 1.0 /* keys are not heard meanwhile */
#define SOON_MS 500    /* a page that is warming up */

struct server {
	struct source source;
	struct ask ask;
	const char *target; /* whose pages; "": none is named */
	char wish[REQUEST_TARGET + 16];
	double interval;
	int64_t next_ms;
	uint32_t version;
	enum page_state state;
	char *text;   /* the last page there was */
	char *reason; /* why there is none now; NULL: there is */
};

/* Takes the reason. */
static void say(struct server *a, char *reason)
{
	free(a->reason);
	a->reason = reason;
	a->version++;
}

static void want(struct source *s, const struct page *page, int64_t now_ms)
{
	struct server *a = (struct server *)s;
	char wish[sizeof(a->wish)];

	snprintf(wish, sizeof(wish), "%s%s%d", a->target, *a->target ? "/" : "", page->number);
	if (!strcmp(wish, a->wish))
		return;
	memcpy(a->wish, wish, sizeof(wish));
	a->next_ms = now_ms;
	free(a->text);
	a->text = NULL;
	say(a, NULL);
}

static enum page_state draw(struct source *s, const struct page *page, bool json, char **text)
{
	struct server *a = (struct server *)s;

	(void)page, (void)json;
	if (!a->reason) {
		*text = strdup(a->text ? a->text : "...\n");
		return a->state;
	}
	/* The page that was there stays, below the reason. */
	if (asprintf(text, "NO ANSWER: %s\n\n%s", a->reason, a->text ? a->text : "") < 0)
		*text = NULL;
	return PAGE_CANNOT;
}

static uint32_t version(struct source *s, const struct page *page)
{
	(void)page;
	return 1 + ((struct server *)s)->version;
}

static int fds(struct source *s, struct pollfd *fds)
{
	(void)s, (void)fds;
	return 0;
}

static int step(struct source *s, int64_t now_ms)
{
	struct server *a = (struct server *)s;
	struct asked answer;

	if (now_ms < a->next_ms || !*a->wish)
		return *a->wish ? (int)(a->next_ms - now_ms) : 1000;
	a->next_ms = now_ms + (int64_t)(a->interval * 1000);
	if (ask_pages(&a->ask, 1, &answer))
		return (int)(a->next_ms - now_ms);
	if (answer.err) {
		char *why = answer.why ? answer.why : strdup(strerror(-answer.err));

		if (why && a->reason && !strcmp(why, a->reason))
			free(why);
		else if (why)
			say(a, why);
	} else {
		free(a->text);
		a->text = quote_page(answer.text); /* a server is not trusted */
		free(answer.text);
		a->state = answer.state;
		say(a, NULL);
		if (answer.state == PAGE_WARMING)
			a->next_ms = now_ms + SOON_MS;
	}
	return (int)(a->next_ms - now_ms);
}

static void tune(struct source *s, double interval, int sort)
{
	(void)sort; /* the server's */
	((struct server *)s)->interval = interval;
	((struct server *)s)->next_ms = 0;
}

static void close_asked(struct source *s)
{
	struct server *a = (struct server *)s;

	free(a->text);
	free(a->reason);
	free(a);
}

struct source *source_server_open(const struct opts *o, const char *host, const char *target,
				  const unsigned char *key)
{
	struct server *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->source = (struct source){ .want = want,
				     .draw = draw,
				     .version = version,
				     .fds = fds,
				     .step = step,
				     .tune = tune,
				     .remote = true,
				     .close = close_asked };
	a->interval = o->interval;
	a->target = target;
	a->ask = (struct ask){ .host = host,
			       .wish = a->wish,
			       .timeout = o->timeout < PATIENCE_S ? o->timeout : PATIENCE_S,
			       .key = key };
	return &a->source;
}
