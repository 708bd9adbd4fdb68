// SPDX-License-Identifier: GPL-2.0-or-later
#include "pages/stacks.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pages/stack_frames.h"

/* In a folded line, a semicolon ends a frame, and a newline the line. */
static void put_frame_text(FILE *f, const char *text)
{
	for (; *text; text++)
		fputc(*text == ';' || (unsigned char)*text < 0x20 ? '_' : *text, f);
}

static void put_frame(FILE *f, const struct frame *frame)
{
	fputc(';', f);
	put_frame_text(f, frame->function);
	if (*frame->file) {
		fputs(" (", f);
		put_frame_text(f, frame->file);
		if (frame->line >= 0)
			fprintf(f, ":%" PRId64, frame->line);
		fputc(')', f);
	}
}

char *stacks_folded(const struct state *s)
{
	const struct record *r;
	char *text = NULL;
	struct table t;
	size_t size, at = 0;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	while ((r = state_each(s, LINE_HIT, &at))) {
		const struct stack *stack;

		table_begin(&t, NULL, 0);
		stack = stack_find(s, &t, record_now(r, HIT_STACK));
		fprintf(f, "process %" PRId64 ", thread %" PRId64 "%s", record_now(r, HIT_PID),
			record_now(r, HIT_TID), record_now(r, HIT_WAITING) ? ", waiting" : "");
		for (int i = stack ? stack->n : 0; i-- > 0;)
			put_frame(f, &stack->frames[i]);
		if (!stack || !stack->n)
			fprintf(f, ";%s", stacks_nothing(r));
		fprintf(f, " %" PRId64 "\n", record_total(r, HIT_COUNT));
		table_free(&t);
	}
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

/* A string of JSON is UTF-8; what is none is replaced by its length. */
static json_t *json_text(const char *text)
{
	json_t *j = json_string(text);

	return j ? j : json_sprintf("(%zu bytes that are no UTF-8)", strlen(text));
}

/* The number of a frame in the shared list, which it is added to when it is new. */
static json_int_t frame_index(json_t *frames, json_t *known, const struct frame *frame)
{
	char *key = NULL;
	json_t *index, *entry;

	if (asprintf(&key, "%" PRId64 " %s\n%s", frame->line, frame->file, frame->function) < 0)
		return 0;
	index = json_object_getn(known, key, strlen(key));
	if (!index) {
		index = json_integer((json_int_t)json_array_size(frames));
		entry = json_object();
		json_object_set_new(entry, "name", json_text(frame->function));
		if (*frame->file) {
			json_object_set_new(entry, "file", json_text(frame->file));
			if (frame->line >= 0)
				json_object_set_new(entry, "line", json_integer(frame->line));
		}
		json_array_append_new(frames, entry);
		json_object_setn_new_nocheck(known, key, strlen(key), index);
	}
	free(key);
	return json_integer_value(index);
}

/* The profile of a thread, which is made when it is new. */
static json_t *profile_of(json_t *profiles, json_t *known, const struct record *r)
{
	int64_t pid = record_now(r, HIT_PID), tid = record_now(r, HIT_TID);
	const char *waiting = record_now(r, HIT_WAITING) ? ", waiting" : "";
	char name[80];
	json_t *profile;

	snprintf(name, sizeof(name), "process %" PRId64 ", thread %" PRId64 "%s", pid, tid,
		 waiting);
	profile = json_object_get(known, name);
	if (profile)
		return profile;
	profile =
		json_pack("{s:s, s:s, s:s, s:i, s:i, s:[], s:[]}", "type", "sampled", "name", name,
			  "unit", "none", "startValue", 0, "endValue", 0, "samples", "weights");
	json_array_append(profiles, profile);
	json_object_set_new(known, name, profile);
	return profile;
}

static void add_sample(const struct state *s, const struct record *r, json_t *profile,
		       json_t *frames, json_t *known)
{
	const struct frame none = { .function = stacks_nothing(r), .file = "" };
	int64_t count = record_total(r, HIT_COUNT);
	json_t *sample = json_array();
	const struct stack *stack;
	struct table t;

	table_begin(&t, NULL, 0);
	stack = stack_find(s, &t, record_now(r, HIT_STACK));
	for (int i = stack ? stack->n : 0; i-- > 0;)
		json_array_append_new(sample,
				      json_integer(frame_index(frames, known, &stack->frames[i])));
	if (!json_array_size(sample))
		json_array_append_new(sample, json_integer(frame_index(frames, known, &none)));
	table_free(&t);
	json_array_append_new(json_object_get(profile, "samples"), sample);
	json_array_append_new(json_object_get(profile, "weights"), json_integer(count));
	json_object_set_new(
		profile, "endValue",
		json_integer(json_integer_value(json_object_get(profile, "endValue")) + count));
}

char *stacks_speedscope(const struct state *s, const char *name)
{
	json_t *frames = json_array(), *profiles = json_array();
	json_t *known_frames = json_object(), *known_profiles = json_object(), *file;
	const struct record *r;
	size_t at = 0;
	char *text;

	while ((r = state_each(s, LINE_HIT, &at)))
		add_sample(s, r, profile_of(profiles, known_profiles, r), frames, known_frames);
	file = json_pack("{s:s, s:o, s:s, s:i, s:{s:o}, s:o}", "$schema",
			 "https://www.speedscope.app/file-format-schema.json", "name",
			 json_text(name), "exporter", "teletap", "activeProfileIndex", 0, "shared",
			 "frames", frames, "profiles", profiles);
	text = file ? json_dumps(file, JSON_COMPACT) : NULL;
	json_decref(file);
	json_decref(known_frames);
	json_decref(known_profiles);
	return text;
}
