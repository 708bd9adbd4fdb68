// SPDX-License-Identifier: GPL-2.0-or-later
/* The findings of doctor, as JSON. */
#include "cmd/doctor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/quote.h"

/* "key":"value", or null; a comma in front but for the first. */
static void member(const char *key, const char *value, bool first)
{
	char *quoted = value ? doctor_must(quote_json(value)) : doctor_must(strdup("null"));

	printf("%s\"%s\":%s", first ? "" : ",", key, quoted);
	free(quoted);
}

static void checks_json(const struct checks *c, bool first)
{
	for (int i = 0; i < c->n; i++) {
		fputs(first && !i ? "{" : ",{", stdout);
		member("id", c->list[i].id, true);
		member("verdict", doctor_verdicts[c->list[i].verdict], false);
		member("text", c->list[i].text, false);
		member("remedy", c->list[i].remedy, false);
		putchar('}');
	}
}

static void answer(const char *key, enum answer value)
{
	printf(",\"%s\":%s", key,
	       value == ANSWER_YES  ? "true"
	       : value == ANSWER_NO ? "false"
				    : "null");
}

static void target_json(const struct answers *a)
{
	const struct interpreter *in = &a->interpreter;

	if (!a->has_target) {
		fputs("null", stdout);
		return;
	}
	if (a->o->pid)
		printf("{\"pid\":%d", (int)a->o->pid);
	else
		fputs("{\"pid\":null", stdout);
	if (a->o->group)
		member(a->o->kind, a->o->group, false);
	for (int i = 0; i < a->o->n_pids && !a->o->pid; i++)
		printf("%s%d%s", i ? "," : ",\"pids\":[", (int)a->o->pids[i],
		       i + 1 < a->o->n_pids ? "" : "]");
	member("exe", a->target.n_files ? a->target.files[0].path : NULL, false);
	member("python", in->path ? in->version : NULL, false);
	member("file", in->path, false);
	member("build_id", *in->id ? in->id : NULL, false);
	printf(",\"markers\":%s", in->markers ? "true" : "false");
	answer("deleted", !a->o->pid ? ANSWER_UNKNOWN : in->deleted ? ANSWER_YES : ANSWER_NO);
	answer("free_threaded", in->free_threaded);
	answer("jit", in->jit);
	answer("bad_paths", in->bad_paths);
	answer("foreign_namespace", in->foreign);
	if (in->interpreters)
		printf(",\"interpreters\":%d}", in->interpreters);
	else
		fputs(",\"interpreters\":null}", stdout);
}

static void works_json(bool works, const char *why)
{
	printf(",\"works\":%s", works ? "true" : "false");
	member("why", why, false);
}

/* Each collector of the page. */
static void collectors_json(const struct answers *a, const struct page *page)
{
	struct judge j = doctor_judge(a);
	bool first = true;

	fputs(",\"collectors\":[", stdout);
	for (int i = 0; i < COLLECTORS; i++) {
		char *why;
		bool works;

		if (!(page->by & 1U << i))
			continue;
		works = judge_collector(&j, page, (enum collector)i, &why);
		fputs(first ? "{" : ",{", stdout);
		first = false;
		member("name", collector_name((enum collector)i), true);
		works_json(works, doctor_must(why));
		putchar('}');
		free(why);
	}
	putchar(']');
}

/* Returns whether it works, and that is an answer. */
static bool page_json(const struct answers *a, const struct page *page, bool first)
{
	char *why;
	int by;
	bool works = doctor_works(a, page, &by, &why);

	printf("%s{\"page\":%d", first ? "" : ",", page->number);
	member("name", page->name, false);
	works_json(works, why);
	member("collector", works ? collector_name((enum collector)by) : NULL, false);
	collectors_json(a, page);
	putchar('}');
	free(why);
	return works && doctor_counts(a, page, by);
}

static void own_page_json(int number, const char *name)
{
	printf(",{\"page\":%d", number);
	member("name", name, false);
	works_json(true, doctor_own_why);
	fputs(",\"collector\":null,\"collectors\":[]}", stdout);
}

void doctor_json(struct answers *a)
{
	fputs("{\"checks\":[", stdout);
	checks_json(&a->host_checks, true);
	checks_json(&a->target_checks, false);
	fputs("],\"pages\":[", stdout);
	for (int i = 0; i < n_pages; i++)
		a->n_working += page_json(a, &pages[i], i == 0);
	for (int i = OWN_FIRST; i <= OWN_LAST; i++) {
		const char *name;

		if (!doctor_own_page(a, i, &name))
			continue;
		own_page_json(i, name);
		a->n_working++;
	}
	fputs("],\"target\":", stdout);
	target_json(a);
	puts("}");
}
