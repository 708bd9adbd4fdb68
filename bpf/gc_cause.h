/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gc_cause: why CPython collects garbage just now. tapsets/teletap_collect.stp has the
 * reasoning: a return address on the stack, at a distance that is learned.
 */
#ifndef TELETAP_BPF_GC_CAUSE_H
#define TELETAP_BPF_GC_CAUSE_H

#include "python.h"

#define GC_WORDS 256 /* of the stack that are searched */

enum { GC_ASKED, GC_AUTOMATIC, GC_UNKNOWN = -1 };

/* Whether the interpreter is being shut down; where that is not known it is not. */
static __always_inline bool gc_ending(uint64_t bias)
{
	return PYTHON(r_ending) && python_word(config.runtime + bias + PYTHON(r_ending));
}

/*
 * Where the threshold is: behind two pointers, which one of 3.13's releases began to align to 4
 * bytes (gh-127545; 3.13.0 has 8, 3.13.15 has 4), so that all lies 4 bytes lower.
 */
static __always_inline uint64_t gc_young_at(uint64_t gc)
{
	uint64_t at = gc + PYTHON(gc_young);

	return python_word(at - 16) >> 47 ? at - 4 : at;
}

/* What the collector says: whether it works by itself; due: whether a collection is. */
static __always_inline bool gc_state(uint64_t thread, int32_t *enabled, bool *due)
{
	uint64_t gc = thread && PYTHON(t_interp) ? python_word(thread + PYTHON(t_interp)) : 0;
	int32_t on, young[2];

	if (!gc)
		return false;
	gc += PYTHON(i_collector);
	if (!python_read(&on, sizeof(on), gc + PYTHON(gc_on)) ||
	    !python_read(young, sizeof(young), gc_young_at(gc)))
		return false;
	*enabled = !!on;
	*due = on && young[0] && young[1] > young[0];
	return true;
}

struct gc_search {
	uint64_t sp, words[2];
	uint32_t found[2];
	int32_t where[2]; /* the last place, in words */
};

static long gc_look(uint32_t i, void *ctx)
{
	struct gc_search *s = ctx;
	uint64_t word;

	if (!python_read(&word, sizeof(word), s->sp + 8 * i))
		return 1;
	if (s->words[0] && word == s->words[0]) {
		s->found[0]++;
		s->where[0] = i;
	}
	if (s->words[1] && word == s->words[1]) {
		s->found[1]++;
		s->where[1] = i;
	}
	return 0;
}

static __always_inline void gc_learn(struct gc_distance *d, int64_t words)
{
	int64_t known = __sync_val_compare_and_swap(&d->words, 0, words);

	if (known == words)
		*(volatile uint64_t *)&d->sure = 1;
	else if (known)
		*(volatile int64_t *)&d->words = -1;
}

/* Whether the word is where it is known to be. *unknown: it is not known, or unread. */
static __always_inline bool gc_is_there(const struct gc_distance *d, uint64_t sp, uint64_t word,
					bool *search, bool *unread)
{
	int64_t words = *(volatile const int64_t *)&d->words;
	uint64_t value;

	*search = *unread = false;
	if (words <= 0 || !*(volatile const uint64_t *)&d->sure) {
		*search = true;
		return false;
	}
	*unread = !python_read(&value, sizeof(value), sp + 8 * words);
	return !*unread && value == word;
}

static __always_inline int32_t gc_why(uint64_t sp, uint64_t bias, bool due)
{
	struct gc_search s = { .sp = sp };
	int32_t answer = due ? GC_AUTOMATIC : GC_ASKED;

	for (int i = 0; i < 2; i++) {
		uint64_t word = config.asked[i] ? config.asked[i] + bias : 0;
		bool search = true, unread = false;

		if (!word && due)
			answer = GC_UNKNOWN;
		if (!word)
			continue;
		if (due && gc_is_there(&tables.distances[i], sp, word, &search, &unread))
			return GC_ASKED;
		if (unread)
			answer = GC_UNKNOWN;
		if (search)
			s.words[i] = word;
	}
	if (s.words[0] || s.words[1])
		bpf_loop(GC_WORDS, gc_look, &s, 0);
	if (due && (s.found[0] || s.found[1]))
		answer = GC_UNKNOWN;
	/* The end of an interpreter collects without either of them. */
	if (!due && s.found[0] + s.found[1] == 1 && !gc_ending(bias)) {
		if (s.found[0])
			gc_learn(&tables.distances[0], s.where[0]);
		else
			gc_learn(&tables.distances[1], s.where[1]);
	}
	return answer;
}

/*
 * 1: the thresholds have brought it about; 0: somebody has asked for it; -1: not known. told: what
 * the extension says of the collector (python/native/markers.c); NULL: it is to be read.
 */
static __always_inline int32_t gc_cause(uint64_t sp, uint64_t bias, uint64_t thread,
					const int64_t *told, int32_t *enabled)
{
	int32_t why = GC_UNKNOWN;
	bool known, due = false;

	*enabled = -1;
	if (told) {
		known = *told >= 0;
		due = known && *told & 2;
		if (known)
			*enabled = *told & 1;
	} else {
		known = gc_state(thread, enabled, &due);
	}
	if (known)
		why = gc_why(sp, bias, due);
	return why == GC_AUTOMATIC && gc_ending(bias) ? GC_UNKNOWN : why;
}

#endif
