// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * teletap page: asks one or more hosts for a page.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/page_summary.h"
#include "cmd/screen.h"
#include "model/quote.h"
#include "net/client.h"
#include "net/key.h"

#define WISH_MAX (REQUEST_WISH - sizeof(" json"))

/* Nothing that comes from the network moves a terminal. */
static void print_text(const char *text)
{
	char *quoted = quote_page(text);
	size_t len = quoted ? strlen(quoted) : 0;

	if (quoted)
		fputs(quoted, stdout);
	if (len && quoted[len - 1] != '\n')
		putchar('\n');
	free(quoted);
}

/* One object, one line. Returns 0, or -EBADMSG when it is not one. */
static int print_json(const char *host, char *text, bool several)
{
	char *line, *name = several ? quote_json(host) : NULL;
	json_t *value;

	text[strcspn(text, "\n")] = '\0';
	value = json_loads(text, JSON_DECODE_INT_AS_REAL, NULL);
	line = json_is_object(value) ? quote_json_line(text) : NULL;
	json_decref(value);
	if (line && name)
		printf("{\"host\":%s,\"answer\":%s}\n", name, line);
	else if (line)
		printf("%s\n", line);
	free(name);
	free(line);
	return line ? 0 : -EBADMSG;
}

static enum status print_answer(const struct opts *o, const char *host, struct asked *answer,
				bool several)
{
	if (answer->err) {
		say_why(answer->why, answer->err);
		return STATUS_REFUSED;
	}
	if (answer->state == PAGE_NONE || (o->output == OUTPUT_JSON && *answer->text != '{')) {
		answer->text[strcspn(answer->text, "\n")] = '\0';
		say_why(answer->text, -ENOENT);
		return STATUS_NO;
	}
	if (o->output == OUTPUT_JSON) {
		if (print_json(host, answer->text, several)) {
			say("%s: its answer is not JSON: is it 'teletap serve'?", host);
			return STATUS_REFUSED;
		}
	} else {
		if (several)
			printf("== %s\n", host);
		print_text(answer->text);
	}
	return answer->state == PAGE_CANNOT ? STATUS_NO : STATUS_OK;
}

/* All at once; the answers are printed in the hosts' order. */
static enum status ask_all(const struct opts *o, const struct ask *wanted)
{
	static char *const here[] = { "127.0.0.1" };
	char *const *hosts = o->n_args > 1 ? o->args + 1 : here;
	int n = o->n_args > 1 ? o->n_args - 1 : 1;
	struct asked *answers = calloc((size_t)n, sizeof(*answers));
	struct ask *asks = calloc((size_t)n, sizeof(*asks));
	enum status worst = STATUS_OK;

	for (int i = 0; asks && i < n; i++) {
		asks[i] = *wanted;
		asks[i].host = hosts[i];
	}
	if (!asks || !answers || ask_pages(asks, n, answers)) {
		say_why(NULL, -ENOMEM);
		worst = STATUS_REFUSED;
		n = 0;
	}
	if (o->summary)
		worst = n ? summary_print(o, hosts, answers, n) : worst;
	for (int i = 0; i < n; i++) {
		enum status status =
			o->summary ? worst : print_answer(o, hosts[i], &answers[i], n > 1);

		worst = status > worst ? status : worst;
		free(answers[i].text);
		free(answers[i].why);
	}
	free(answers);
	free(asks);
	return worst;
}

/* On a terminal. */
static enum status follow(const struct opts *o, const struct wish *wish, const unsigned char *key)
{
	const struct page page = { .number = wish->page, .name = wish->word, .title = "" };
	const struct page *wanted[] = { &page };
	struct source *source =
		source_server_open(o, o->n_args > 1 ? o->args[1] : "127.0.0.1", wish->target, key);
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
	struct ask a = { .wish = o->n_args    ? o->args[0]
				 : o->summary ? "status"
					      : "255",
			 .json = o->summary || o->output == OUTPUT_JSON,
			 .timeout = o->timeout };
	enum status status = STATUS_OK;
	struct wish wish;
	char *msg = NULL;

	if (strlen(a.wish) > WISH_MAX || !request_wish(a.wish, strlen(a.wish), &wish) ||
	    wish.json) {
		say("%s: neither a page's number nor a name, nor TARGET/ before one", a.wish);
		return STATUS_USAGE;
	}
	if (o->summary && strcmp(wish.word, "status") != 0 && wish.page != 200) {
		say("%s: --summary is of page 200, status", a.wish);
		return STATUS_USAGE;
	}
	if (o->key && key_read(o->key, key, &msg)) {
		say_why(msg, -EINVAL);
		free(msg);
		return STATUS_REFUSED;
	}
	a.key = o->key ? key : NULL;
	if (o->follow && !o->summary && o->n_args < 3 && wish.page && wish.code < 0 &&
	    screen_possible(o))
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
