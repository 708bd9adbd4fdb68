// SPDX-License-Identifier: GPL-2.0-or-later
/* The findings of doctor, as JSON. */
#include "cmd/doctor.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/quote.h"
#include "render/json_text.h"

/* null when there is none. */
static json_t *text(const char *value)
{
	return value ? json_text(value) : json_null();
}

static void put_checks(json_t *all, const struct checks *c)
{
	for (int i = 0; i < c->n; i++)
		json_array_append_new(
			all, json_pack("{s:o, s:o, s:o, s:o}", "id", text(c->list[i].id), "verdict",
				       text(doctor_verdicts[c->list[i].verdict]), "text",
				       text(c->list[i].text), "remedy", text(c->list[i].remedy)));
}

static json_t *answer(enum answer value)
{
	return value == ANSWER_UNKNOWN ? json_null() : json_boolean(value == ANSWER_YES);
}

static json_t *target_json(const struct answers *a)
{
	const struct interpreter *in = &a->interpreter;
	json_t *t, *pids;

	if (!a->has_target)
		return json_null();
	t = json_pack("{s:o}", "pid", a->o->pid ? json_integer(a->o->pid) : json_null());
	if (a->o->group)
		json_object_set_new(t, a->o->kind, text(a->o->group));
	if (a->o->n_pids && !a->o->pid) {
		pids = json_array();
		for (int i = 0; i < a->o->n_pids; i++)
			json_array_append_new(pids, json_integer(a->o->pids[i]));
		json_object_set_new(t, "pids", pids);
	}
	json_object_set_new(t, "exe", text(a->target.n_files ? a->target.files[0].path : NULL));
	json_object_set_new(t, "python", text(in->path ? in->version : NULL));
	json_object_set_new(t, "file", text(in->path));
	json_object_set_new(t, "build_id", text(*in->id ? in->id : NULL));
	json_object_set_new(t, "markers", json_boolean(in->markers));
	json_object_set_new(t, "deleted",
			    answer(!a->o->pid    ? ANSWER_UNKNOWN
				   : in->deleted ? ANSWER_YES
						 : ANSWER_NO));
	json_object_set_new(t, "free_threaded", answer(in->free_threaded));
	json_object_set_new(t, "jit", answer(in->jit));
	json_object_set_new(t, "bad_paths", answer(in->bad_paths));
	json_object_set_new(t, "foreign_namespace", answer(in->foreign));
	json_object_set_new(t, "interpreters",
			    in->interpreters ? json_integer(in->interpreters) : json_null());
	return t;
}

/* Each collector of the page. */
static json_t *collectors_json(const struct answers *a, const struct page *page)
{
	struct judge j = doctor_judge(a);
	json_t *all = json_array();

	for (int i = 0; i < COLLECTORS; i++) {
		char *why;
		bool works;

		if (!(page->by & 1U << i))
			continue;
		works = judge_collector(&j, page, (enum collector)i, &why);
		json_array_append_new(all,
				      json_pack("{s:o, s:b, s:o}", "name",
						text(collector_name((enum collector)i)), "works",
						works, "why", text(doctor_must(why))));
		free(why);
	}
	return all;
}

static json_t *page_json(int number, const char *name, bool works, const char *why,
			 const char *collector, json_t *collectors)
{
	return json_pack("{s:i, s:o, s:b, s:o, s:o, s:o}", "page", number, "name", text(name),
			 "works", works, "why", text(why), "collector", text(collector),
			 "collectors", collectors);
}

static json_t *pages_json(struct answers *a)
{
	json_t *all = json_array();

	for (int i = 0; i < n_pages; i++) {
		char *why;
		int by;
		bool works = doctor_works(a, &pages[i], &by, &why);

		json_array_append_new(all,
				      page_json(pages[i].number, pages[i].name, works, why,
						works ? collector_name((enum collector)by) : NULL,
						collectors_json(a, &pages[i])));
		a->n_working += works && doctor_counts(a, &pages[i], by);
		free(why);
	}
	for (int i = OWN_FIRST; i <= OWN_LAST; i++) {
		const char *name;

		if (!doctor_own_page(a, i, &name))
			continue;
		json_array_append_new(all,
				      page_json(i, name, true, doctor_own_why, NULL, json_array()));
		a->n_working++;
	}
	return all;
}

void doctor_json(struct answers *a)
{
	json_t *checks = json_array(), *all;
	char *line, *safe;

	put_checks(checks, &a->host_checks);
	put_checks(checks, &a->target_checks);
	all = json_pack("{s:o, s:o, s:o}", "checks", checks, "pages", pages_json(a), "target",
			target_json(a));
	line = doctor_must(json_dumps(all, JSON_COMPACT));
	safe = doctor_must(quote_json_line(line));
	puts(safe);
	free(safe);
	free(line);
	json_decref(all);
}
