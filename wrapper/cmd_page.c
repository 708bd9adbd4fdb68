// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * teletap page: asks one or more hosts for a page.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ask.h"
#include "key.h"
#include "quote.h"
#include "screen.h"
#include "teletap.h"

/*
 * Nothing that comes from the network moves a terminal: control characters, of which a
 * page has none, become question marks.
 */
static void print_text(char *text)
{
	unsigned char *p = (unsigned char *)text;

	for (; *p; p++) {
		if ((*p < 0x20 && *p != '\n') || *p == 0x7f ||
		    (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0))
			*p = '?';
	}
	fputs(text, stdout);
	if (p != (unsigned char *)text && p[-1] != '\n')
		putchar('\n');
}

static void print_json(const char *host, const char *text, bool several)
{
	char *name = several ? quote_json(host) : NULL;
	size_t len = strcspn(text, "\n"); /* one object, one line */

	if (name)
		printf("{\"host\":%s,\"answer\":%.*s}\n", name, (int)len, text);
	else
		printf("%.*s\n", (int)len, text);
	free(name);
}

static enum status ask_one(const struct opts *o, struct ask *a, bool several)
{
	enum status status = STATUS_OK;
	struct asked answer;
	char *msg = NULL;
	int err = ask_page(a, &answer, &msg);

	if (err) {
		say_why(msg, err);
		free(msg);
		return STATUS_REFUSED;
	}
	if (answer.state == PAGE_NONE || (o->output == OUTPUT_JSON && *answer.text != '{')) {
		answer.text[strcspn(answer.text, "\n")] = '\0';
		say_why(answer.text, -ENOENT);
		status = STATUS_NO;
	} else if (o->output == OUTPUT_JSON) {
		print_json(a->host, answer.text, several);
	} else {
		if (several)
			printf("== %s\n", a->host);
		print_text(answer.text);
	}
	if (answer.state == PAGE_CANNOT)
		status = STATUS_NO;
	free(answer.text);
	return status;
}

static enum status ask_all(const struct opts *o, struct ask *a)
{
	static char *const here[] = { "127.0.0.1" };
	char *const *hosts = o->n_args > 1 ? o->args + 1 : here;
	int n = o->n_args > 1 ? o->n_args - 1 : 1;
	enum status worst = STATUS_OK;

	for (int i = 0; i < n; i++) {
		enum status status;

		a->host = hosts[i];
		status = ask_one(o, a, n > 1);
		worst = status > worst ? status : worst;
	}
	return worst;
}

/* On a terminal. */
static enum status follow(const struct opts *o, const struct wish *wish, const unsigned char *key)
{
	const struct page page = { .number = wish->page, .name = wish->word, .title = "" };
	const struct page *wanted[] = { &page };
	struct source *source =
		source_server_open(o, o->n_args > 1 ? o->args[1] : "127.0.0.1", key);
	char *msg = NULL;
	int ret = -ENOMEM;

	if (source) {
		ret = screen_run(source, o, wanted, 1, &msg);
		source->close(source);
	}
	if (ret < 0)
		say_why(msg, ret);
	free(msg);
	return ret > 0 ? (enum status)(STATUS_SIGNAL + ret) : ret ? STATUS_REFUSED : STATUS_OK;
}

enum status cmd_page(const struct opts *o)
{
	unsigned char key[REQUEST_KEY];
	struct ask a = { .wish = o->n_args ? o->args[0] : "255",
			 .json = o->output == OUTPUT_JSON,
			 .timeout = o->timeout };
	enum status status = STATUS_OK;
	struct wish wish;
	char *msg = NULL;

	if (strlen(a.wish) > 40 || !request_wish(a.wish, strlen(a.wish), &wish) || wish.json) {
		say("%s: neither a page's number nor a name", a.wish);
		return STATUS_USAGE;
	}
	if (o->key && key_read(o->key, key, &msg)) {
		say_why(msg, -EINVAL);
		free(msg);
		return STATUS_REFUSED;
	}
	a.key = o->key ? key : NULL;
	if (o->follow && o->n_args < 3 && wish.page && wish.code < 0 && screen_possible(o))
		return follow(o, &wish, a.key);
	for (long i = 0; !o->count || i < o->count; i++) {
		double whole = (double)(time_t)o->interval;

		if (i)
			nanosleep(&(struct timespec){ (time_t)whole,
						      (long)((o->interval - whole) * 1e9) },
				  NULL);
		status = ask_all(o, &a);
		if (fflush(stdout)) {
			say("standard output: %s", strerror(errno));
			return STATUS_REFUSED;
		}
		if (!o->follow)
			break;
	}
	return status;
}
