// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/page_summary.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/quote.h"

static const char *const verdicts[] = { "OK", "WARN", "FAIL" };

/* Of the row; -1: it has none of these, so that it is not watched. */
static int verdict_of(const json_t *row)
{
	const char *verdict = json_string_value(json_object_get(row, "verdict"));

	for (int i = 0; verdict && i < 3; i++) {
		if (!strcmp(verdict, verdicts[i]))
			return i;
	}
	return -1;
}

/* The first of the worst rows; more: how many others are not OK. NULL: none has a verdict. */
static const json_t *worst_of(const json_t *root, int *more)
{
	const json_t *worst = NULL;
	json_t *row;
	size_t i;
	int bad = 0;

	json_array_foreach (json_object_get(root, "rows"), i, row) {
		bad += verdict_of(row) > 0;
		if (verdict_of(row) >= 0 && (!worst || verdict_of(row) > verdict_of(worst)))
			worst = row;
	}
	*more = bad ? bad - 1 : 0;
	return worst;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static void print_line(const struct opts *o, const char *host, const json_t *row, int more,
		       const char *unknown)
{
	const char *verdict = row ? verdicts[verdict_of(row)] : NULL;
	int page = (int)json_number_value(json_object_get(row, "page"));
	const char *subsystem = text_of(row, "subsystem"),
		   *text = row ? text_of(row, "text") : unknown;
	bool json = o->output == OUTPUT_JSON;
	char *parts[] = { json ? quote_json(host) : quote_text(host),
			  json ? quote_json(subsystem) : quote_text(subsystem),
			  json ? quote_json(text) : quote_text(text) };

	if (!parts[0] || !parts[1] || !parts[2])
		;
	else if (json && row)
		printf("{\"host\":%s,\"verdict\":\"%s\",\"subsystem\":%s,\"page\":%d,\"text\":%s,"
		       "\"more\":%d}\n",
		       parts[0], verdict, parts[1], page, parts[2], more);
	else if (json)
		printf("{\"host\":%s,\"verdict\":null,\"text\":%s}\n", parts[0], parts[2]);
	else if (!row)
		printf("%-24s -     %s\n", parts[0], parts[2]);
	else if (strcmp(verdict, "OK") != 0)
		printf("%-24s %-5s %s: %s, page %d%s\n", parts[0], verdict, parts[1], parts[2],
		       page, more ? ", and others" : "");
	else
		printf("%-24s OK\n", parts[0]);
	for (int i = 0; i < 3; i++)
		free(parts[i]);
}

/* One host, when its turn is: answered, or not. */
static enum status print_host(const struct opts *o, const char *host, const struct asked *a,
			      bool answered)
{
	json_t *root = a->err ? NULL : json_loads(a->text, JSON_DECODE_INT_AS_REAL, NULL);
	int more = 0, verdict;
	const json_t *row = worst_of(root, &more);
	const char *why = *text_of(root, "text") ? text_of(root, "text")
			  : a->err               ? a->why
						 : "its answer is not page 200";

	verdict = row ? verdict_of(row) : -1;
	if ((verdict >= 0) == answered)
		print_line(o, host, row, more, why ? why : "no answer");
	json_decref(root);
	return verdict < 0 ? STATUS_REFUSED : verdict == 2 ? STATUS_NO : STATUS_OK;
}

enum status summary_print(const struct opts *o, char *const *hosts, const struct asked *answers,
			  int n)
{
	enum status worst = STATUS_OK;

	for (int i = 0; i < 2 * n; i++) {
		enum status status = print_host(o, hosts[i % n], &answers[i % n], i < n);

		worst = status > worst ? status : worst;
	}
	return worst;
}
