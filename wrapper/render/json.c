// SPDX-License-Identifier: GPL-2.0-or-later
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/sum.h"
#include "pages/stacks.h"
#include "render/json_text.h"
#include "render/render.h"

#define SCHEMA 1 /* of the objects below: counts up when a key changes its meaning */

static void stamp(int64_t real_ns, char *out, size_t size)
{
	time_t second = (time_t)(real_ns / 1000000000);
	char date[32];
	struct tm tm;

	gmtime_r(&second, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out, size, "%s.%03dZ", date, (int)(real_ns / 1000000 % 1000));
}

static json_t *locals(const struct frame *f)
{
	json_t *all = json_array();

	for (int i = 0; i < f->n_locals; i++)
		json_array_append_new(all,
				      json_pack("{s:o, s:o}", "name", json_text(f->locals[i].name),
						"value", json_text(f->locals[i].value)));
	return all;
}

static json_t *frames(const struct stack *stack)
{
	json_t *all = json_array();

	for (int i = 0; i < stack->n; i++) {
		const struct frame *f = &stack->frames[i];
		json_t *frame = json_pack("{s:o, s:o, s:o}", "function", json_text(f->function),
					  "file", json_text(f->file), "line",
					  f->line < 0 ? json_null() : json_integer(f->line));

		if (f->locals)
			json_object_set_new(frame, "locals", locals(f));
		json_array_append_new(all, frame);
	}
	return all;
}

static json_t *texts(const struct names *names)
{
	json_t *all = json_array();

	for (int i = 0; i < names->n; i++)
		json_array_append_new(all, json_text(names->list[i]));
	return all;
}

static json_t *cell(const struct column *c, const struct cell *v)
{
	char when[64];

	if (v->unknown)
		return json_null();
	switch (c->unit) {
	case UNIT_SHARE:
	case UNIT_BAR:
		return json_real(v->share);
	case UNIT_BOOL:
		return json_boolean(v->number);
	case UNIT_TIME:
		stamp(v->number, when, sizeof(when));
		return json_string(when);
	case UNIT_TEXT:
	case UNIT_VERDICT:
	case UNIT_PATH:
		return json_text(v->text);
	case UNIT_NAMES:
		return texts(v->names);
	case UNIT_STACK:
		return frames(v->stack);
	default:
		return json_integer(v->number);
	}
}

/* Puts a value under its key; "a.b" is b inside a. */
static void put(json_t *row, const char *key, json_t *value)
{
	const char *dot = strchr(key, '.');
	char outer[64];
	json_t *inner;

	if (!dot) {
		json_object_set_new(row, key, value);
		return;
	}
	snprintf(outer, sizeof(outer), "%.*s", (int)(dot - key), key);
	inner = json_object_get(row, outer);
	if (!inner) {
		inner = json_object();
		json_object_set_new(row, outer, inner);
	}
	json_object_set_new(inner, dot + 1, value);
}

static json_t *rows(const struct table *t)
{
	json_t *all = json_array();
	int *order = table_order(t, t->by_interval);

	for (int r = 0; order && r < t->n_rows; r++) {
		const struct cell *cells = t->cells + order[r] * t->n_columns;
		json_t *row = json_object();

		for (int c = 0; c < t->n_columns; c++) {
			if (t->columns[c].key && table_has(t, c))
				put(row, t->columns[c].key, cell(&t->columns[c], &cells[c]));
		}
		json_array_append_new(all, row);
	}
	free(order);
	return all;
}

static json_t *notes(const struct table *t)
{
	json_t *all = json_array();

	for (int i = 0; i < t->n_notes; i++)
		json_array_append_new(all, json_text(t->notes[i]));
	return all;
}

/* A number of a record; null when there is no such record. */
static json_t *known(const struct record *r, int field)
{
	return r ? json_integer(record_now(r, field)) : json_null();
}

/* How the figures were sampled; NULL: they were not, or not by a reader of memory. */
static json_t *sampling(const struct state *s)
{
	const struct record *r = state_first(s, LINE_SAMPLING);

	return r ? json_pack("{s:I, s:I, s:I, s:I, s:I, s:f}", "rate",
			     (json_int_t)record_now(r, SAMPLING_RATE), "turns",
			     (json_int_t)record_delta(r, SAMPLING_TURNS), "late",
			     (json_int_t)record_delta(r, SAMPLING_LATE), "missed",
			     (json_int_t)record_delta(r, SAMPLING_MISSED), "torn",
			     (json_int_t)record_delta(r, SAMPLING_TORN), "cost_share",
			     sampling_cost(s))
		 : NULL;
}

/* The kind and the name of a group of processes, see struct render_target. */
static void put_group(json_t *target, const char *group)
{
	static const char *const kinds[] = { "unit", "cgroup", "container" };
	const char *name = strchr(group, ' ');
	json_t *pids = json_array();

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && name; i++) {
		if (!strncmp(group, kinds[i], (size_t)(name - group)))
			json_object_set_new(target, kinds[i], json_text(name + 1));
	}
	for (; !strncmp(group, "processes ", 10) && name; name = strchr(name + 1, ' '))
		json_array_append_new(pids, json_integer(atoi(name)));
	if (json_array_size(pids))
		json_object_set(target, "pids", pids);
	json_decref(pids);
}

char *render_json(const struct render *r)
{
	const struct state *s = r->state;
	const struct record *threads = state_first(s, LINE_THREADS);
	struct loss l = state_loss(s);
	bool host = !page_has_target(r->page, r->target->exe);
	struct table t;
	json_t *page, *target;
	char when[64], *out;

	page_fill(r->page, s, r->states, &t);
	if (r->silent_s)
		table_note(&t, SILENT_NOTE, r->silent_s);
	stamp(s->now.real_ns, when, sizeof(when));
	target = json_pack("{s:o, s:o}", "pid",
			   r->target->pid && !r->page->whole ? json_integer(r->target->pid)
							     : json_null(),
			   "exe", host ? json_null() : json_text(r->target->exe));
	json_object_set_new(target, "python",
			    *r->target->python && !host ? json_text(r->target->python)
							: json_null());
	if (r->target->group && !r->page->whole)
		put_group(target, r->target->group);
	json_object_set_new(target, "processes", known(state_first(s, LINE_PROCS), PROCS_COUNT));
	if (threads) {
		json_object_set_new(target, "threads", known(threads, THREADS_ALL));
		json_object_set_new(target, "threads_still", known(threads, THREADS_STILL));
	}
	/* clang-format off */
	page = json_pack("{s:i, s:i, s:s, s:o, s:s, s:f, s:f, s:b, s:o, s:{s:I, s:I, s:I, s:I}, s:o, s:o}",
			 "schema", SCHEMA, "page", r->page->number, "name", r->page->name,
			 "collector", *s->collector ? json_text(s->collector) : json_null(), "time", when,
			 "interval_s", state_interval_s(s), "attached_s", state_attached_s(s),
			 "last", r->last, "target", target, "loss",
			 "skipped", (json_int_t)l.skipped, "dropped", (json_int_t)l.dropped,
			 "table_full", (json_int_t)l.table_full,
			 "lines", (json_int_t)sum_add(s->malformed, s->unknown), "rows", rows(&t),
			 "notes", notes(&t));
	/* clang-format on */
	json_object_set_new(page, "sampling", sampling(s));
	out = json_dumps(page, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_ENSURE_ASCII |
				       JSON_REAL_PRECISION(9));
	json_decref(page);
	table_free(&t);
	return out;
}
