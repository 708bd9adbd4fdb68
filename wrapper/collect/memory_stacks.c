// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/memory_stacks.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "model/escape.h"

/* What a number stands for: a place by its text, a step by the step that called it and a place. */
struct stacks_entry {
	uint64_t hash; /* of what it is; 0: free */
	int64_t id;
	int64_t parent, place; /* of a step; of a place: -1, and its line */
	char *text;            /* of a place: function and file */
};

bool memory_stacks_begin(struct memory_stacks *s, FILE *f)
{
	memory_stacks_free(s);
	s->f = f;
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

static int64_t place_of(struct memory_stacks *s, const struct python_code *code, int line)
{
	char text[2 * sizeof(code->file) + 2];
	struct stacks_entry *e;
	uint64_t hash;

	snprintf(text, sizeof(text), "%s\n%s", code->function, code->file);
	hash = hash_of(hash_of(1, text, strlen(text)), &line, sizeof(line));
	e = slot(s, hash, -1, line, text);
	if (e->hash)
		return e->id;
	if (s->places == STACKS_PLACES || !(e->text = strdup(text)))
		return -1;
	*e = (struct stacks_entry){
		.hash = hash, .id = ++s->places, .parent = -1, .place = line, .text = e->text
	};
	fprintf(s->f, "place\t%" PRId64, e->id);
	escape_field(s->f, code->function);
	escape_field(s->f, code->file);
	fprintf(s->f, "\t%d\n", line);
	return e->id;
}

static int64_t step_of(struct memory_stacks *s, int64_t parent, int64_t place)
{
	int64_t key[2] = { parent, place };
	uint64_t hash = hash_of(2, key, sizeof(key));
	struct stacks_entry *e = slot(s, hash, parent, place, NULL);

	if (e->hash)
		return e->id;
	if (s->steps == STACKS_STEPS)
		return -1;
	*e = (struct stacks_entry){
		.hash = hash, .id = ++s->steps, .parent = parent, .place = place
	};
	fprintf(s->f, "step\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\n", e->id, parent, place);
	return e->id;
}

int64_t memory_stacks_add(struct memory_stacks *s, const struct python_frames *frames)
{
	int64_t step = 0;

	for (int i = frames->n - 1; i >= 0 && step >= 0; i--) {
		const struct python_frame *frame = &frames->list[i];
		int64_t place = place_of(s, &frames->codes[frame->code], frame->line);

		step = place < 0 ? -1 : step_of(s, step, place);
	}
	return step;
}
