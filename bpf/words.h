/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * words: short strings that become numbers, as in names.h: C strings, or CPython's string
 * objects, which are kept as they are; the collector makes UTF-8 of them.
 */
#ifndef TELETAP_BPF_WORDS_H
#define TELETAP_BPF_WORDS_H

#include "session.h"

#ifndef WORDS
#error "WORDS: how many there can be"
#endif

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WORDS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct word);
	__type(value, uint32_t);
} word_numbers SEC(".maps");

/* Reads a C string of the current process; false: it cannot be read. */
static __always_inline bool word_read(struct word *w, uint64_t from)
{
	long size = bpf_probe_read_user_str(w->text, WORD_ROOM, (const void *)from);
	char next = 0;

	if (size == WORD_ROOM &&
	    !bpf_probe_read_user(&next, 1, (const void *)(from + WORD_ROOM - 1)))
		w->cut = next != 0;
	return size >= 0;
}

/*
 * Reads a string object: bits 2 to 4 of its state are the bytes of a character, bit 5 says
 * that it is in one piece, bit 6 that it is ASCII.
 */
static __always_inline bool word_read_object(struct word *w, uint64_t object)
{
	uint64_t length, size, from = object;
	uint32_t state, kind;

	if (bpf_probe_read_user(&length, sizeof(length),
				(const void *)(object + config.python.u_length)) ||
	    bpf_probe_read_user(&state, sizeof(state),
				(const void *)(object + config.python.u_state)))
		return false;
	kind = state >> 2 & 7;
	if (!(state & 0x20) || (kind != 1 && kind != 2 && kind != 4) || length > 1 << 20)
		return false;
	from += state & 0x40 ? config.python.u_ascii : config.python.u_wide;
	size = length * kind;
	w->cut = size > WORD_ROOM;
	if (size > WORD_ROOM)
		size = WORD_ROOM;
	w->kind = state & 0x40 ? 0 : kind;
	return !bpf_probe_read_user(w->text, INDEX(size, WORD_ROOM), (const void *)from);
}

/* The word's number, from 1 on; 0: there is no room, which is counted. */
static __always_inline uint32_t word_number(struct totals *t, uint64_t *used,
					    struct word_entry *entries, const struct word *w)
{
	struct word_entry *entry;
	uint32_t number;
	bool is_new;

	number = entry_number(&word_numbers, w, used, WORDS, &t->full, &is_new);
	if (is_new) {
		entry = &entries[INDEX(number, WORDS)];
		bpf_probe_read_kernel(&entry->word, sizeof(entry->word), w);
		count(&entry->ready);
	}
	return number;
}

#endif
