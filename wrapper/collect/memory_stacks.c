// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/memory_stacks.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "model/escape.h"

#define STACKS_NO_LINE (-2)
#define STACKS_LINES 2 /* so that none is negative, unless the memory says so */
#define STACKS_PLACES_ROOM (1 << 20)

/* What a number stands for: a place by its text, a step by the step that called it and a place. */
struct stacks_entry {
	uint64_t hash; /* of what it is; 0: free */
	int64_t id;
	int64_t parent, place; /* of a step, with its line; of a place: -1, and its line */
	char *text;            /* of a place: function and file */
};

bool memory_stacks_begin(struct memory_stacks *s, FILE *f, bool samples)
{
	memory_stacks_free(s);
	s->f = f;
	s->samples = samples;
	s->slots = calloc(STACKS_SLOTS, sizeof(*s->slots));
	return s->slots;
}

void memory_stacks_free(struct memory_stacks *s)
{
	for (size_t i = 0; s->slots && i < STACKS_SLOTS; i++)
		free(s->slots[i].text);
	free(s->slots);
	*s = (struct memory_stacks){ 0 };
}

static uint64_t hash_of(uint64_t hash, const void *bytes, size_t size)
{
	const unsigned char *p = bytes;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
	return hash ? hash : 1;
}

/* Its slot, or the free one for it. */
static struct stacks_entry *slot(struct memory_stacks *s, uint64_t hash, int64_t parent,
				 int64_t place, const char *text)
{
	size_t at = hash & (STACKS_SLOTS - 1);

	for (;; at = (at + 1) & (STACKS_SLOTS - 1)) {
		struct stacks_entry *e = &s->slots[at];

		if (!e->hash || (e->hash == hash && e->parent == parent && e->place == place &&
				 (!text || !strcmp(e->text, text))))
			return e;
	}
}

/* A place of page 224 has the executing line, a name of samples the first one. */
static int64_t place_of(struct memory_stacks *s, const char *function, const char *file, int line)
{
	char text[2 * (FRAMES_TEXT + 4) + 2];
	struct stacks_entry *e;
	uint64_t hash;

	snprintf(text, sizeof(text), "%s\n%s", function, file);
	hash = hash_of(hash_of(1, text, strlen(text)), &line, sizeof(line));
	e = slot(s, hash, -1, line, text);
	if (e->hash)
		return e->id;
	if (s->places == STACKS_PLACES || !(e->text = strdup(text)))
		return -1;
	*e = (struct stacks_entry){
		.hash = hash, .id = ++s->places, .parent = -1, .place = line, .text = e->text
	};
	fprintf(s->f, "%s\t%" PRId64, s->samples ? "name" : "place", e->id);
	escape_field(s->f, function);
	escape_field(s->f, file);
	fprintf(s->f, "\t%d\n", line);
	return e->id;
}

/* line: of samples, the executing one; STACKS_NO_LINE: none is to be said. */
static int64_t step_of(struct memory_stacks *s, int64_t parent, int64_t place, int line)
{
	int64_t key[2] = { parent, place + ((int64_t)line + STACKS_LINES) * STACKS_PLACES_ROOM };
	uint64_t hash = hash_of(2, key, sizeof(key));
	struct stacks_entry *e = slot(s, hash, key[0], key[1], NULL);

	if (e->hash)
		return e->id;
	if (s->steps == STACKS_STEPS)
		return -1;
	*e = (struct stacks_entry){
		.hash = hash, .id = ++s->steps, .parent = key[0], .place = key[1]
	};
	fprintf(s->f, "%s\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\n", s->samples ? "node" : "step",
		e->id, parent, place);
	if (line != STACKS_NO_LINE)
		fprintf(s->f, "lineno\t%" PRId64 "\t%d\n", e->id, line);
	return e->id;
}

int64_t memory_stacks_add(struct memory_stacks *s, const struct python_frames *frames)
{
	int64_t step = 0, place;

	if (s->samples && frames->more) {
		place = place_of(s, "...", "", 0);
		step = place < 0 ? -1 : step_of(s, 0, place, STACKS_NO_LINE);
	}
	for (int i = frames->n - 1; i >= 0 && step >= 0; i--) {
		const struct python_frame *frame = &frames->list[i];
		const struct python_code *code = &frames->codes[frame->code];

		place = place_of(s, code->function, code->file,
				 s->samples ? code->first : frame->line);
		step = place < 0
			       ? -1
			       : step_of(s, step, place, s->samples ? frame->line : STACKS_NO_LINE);
	}
	return step;
}
