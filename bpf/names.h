/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * names: strings of a program, which become numbers, the same in all processes. By content:
 * an address says nothing, the program may use it again for another string.
 */
#ifndef TELETAP_BPF_NAMES_H
#define TELETAP_BPF_NAMES_H

#include "session.h"

#ifndef NAME_ROOM
#error "NAME_ROOM: how many names there can be"
#endif

#ifndef NAME_FLAGS
#define NAME_FLAGS BPF_F_NO_PREALLOC
#endif

/* The kernel hashes with a secret, so no program can choose names that collide. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, NAME_ROOM);
	__uint(map_flags, NAME_FLAGS);
	__type(key, struct name);
	__type(value, uint32_t);
} name_numbers SEC(".maps");

/*
 * Reads a string of the current process, and cuts it to the room there is; false: it cannot be
 * read, which is counted.
 */
static __always_inline bool name_read(struct totals *t, char *to, uint32_t room, uint64_t from)
{
	if (bpf_probe_read_user_str(to, room, (const void *)from) >= 0)
		return true;
	count(&t->unread);
	return false;
}

/*
 * The same, and whether there was more of it: what has no NUL at the end of the room. Names of
 * an application are short, those of functions are not cut without a word.
 */
static __always_inline bool name_read_cut(struct totals *t, char *to, uint32_t room, uint64_t from,
					  uint8_t *cut)
{
	long size = bpf_probe_read_user_str(to, room, (const void *)from);
	char next = 0;

	if (size == room && !bpf_probe_read_user(&next, 1, (const void *)(from + room - 1)))
		*cut = next != 0;
	if (size < 0)
		count(&t->unread);
	return size >= 0;
}

/*
 * The name's number, from 1 on; 0: there is no room, which is counted. *used and entries: the
 * table of names, with NAME_ROOM + 1 entries.
 */
static __always_inline uint32_t name_number(struct totals *t, uint64_t *used,
					    struct name_entry *entries, const struct name *name)
{
	struct name_entry *entry;
	uint32_t number;
	bool is_new;

	number = entry_number(&name_numbers, name, used, NAME_ROOM, &t->full, &is_new);
	if (is_new) {
		entry = &entries[INDEX(number, NAME_ROOM)];
		/* As an assignment it would go by way of the stack, which has no room. */
		bpf_probe_read_kernel(&entry->name, sizeof(entry->name), name);
		count(&entry->ready);
	}
	return number;
}

/*
 * The number of the name that was at some addresses when they were looked at last. Others may be
 * there now: what is found is held against the name itself, which is still sooner than to hash it.
 */
#define NAME_HINTS 16384
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, NAME_HINTS);
	__type(key, uint32_t);
	__type(value, uint32_t);
} name_hints SEC(".maps");

static __always_inline uint32_t *name_hint(uint64_t file, uint64_t function, int32_t line)
{
	uint64_t mix = (function ^ file << 16 ^ (uint64_t)line << 40) * 0x9e3779b97f4a7c15;
	uint32_t slot = mix >> 50;

	return bpf_map_lookup_elem(&name_hints, &slot);
}

/*
 * Are these the same texts, of "size" bytes with the NUL, 1 at least and "room" at most? Behind
 * its NUL "kept" is all zero, and the other one anything. The verifier goes through what follows
 * for each way out of the loop: it has two.
 */
static __always_inline bool text_same(const char *text, const char *kept, uint32_t size,
				      uint32_t room)
{
	const uint64_t *a = (const uint64_t *)text, *b = (const uint64_t *)kept;
	uint32_t last = (size - 1) / 8;

#pragma clang loop unroll(disable)
	for (uint32_t i = 0; i < room / 8; i++) {
		if (i == last)
			return !((a[i] ^ b[i]) << (64 - 8 * (size - 8 * i)));
		if (a[i] != b[i])
			return false;
	}
	return false;
}

/*
 * The number of a function whose texts and line are what they were when the addresses were looked
 * at last; 0: they are not, or too long. *name is written to.
 */
static __always_inline uint32_t name_known(const uint32_t *hint, const struct name_entry *entries,
					   struct name *name, uint64_t file, uint64_t function,
					   int32_t line)
{
	uint32_t number = hint ? *(volatile uint32_t *)hint : 0;
	const struct name *kept = &entries[INDEX(number, NAME_ROOM)].name;
	long size;

	if (!number || kept->line != line || kept->function_kind || kept->file_kind)
		return 0;
	size = bpf_probe_read_user_str(name->function, FUNCTION_ROOM, (const void *)function);
	if (size <= 0 || size >= FUNCTION_ROOM ||
	    !text_same(name->function, kept->function, size, FUNCTION_ROOM))
		return 0;
	size = bpf_probe_read_user_str(name->file, FILE_ROOM, (const void *)file);
	if (size <= 0 || size >= FILE_ROOM || !text_same(name->file, kept->file, size, FILE_ROOM))
		return 0;
	return number;
}

/*
 * The number of a function, by its texts at these addresses and its first line, which come into
 * *name; 0: they cannot be read, or there is no room, which is counted. The rest as above.
 */
static __always_inline uint32_t name_function(struct totals *t, uint64_t *used,
					      struct name_entry *entries, struct name *name,
					      uint64_t file, uint64_t function, int32_t line)
{
	uint32_t *hint = name_hint(file, function, line);
	uint32_t number = name_known(hint, entries, name, file, function, line);

	if (number)
		return number;
	__builtin_memset(name, 0, sizeof(*name));
	name->line = line;
	if (!name_read_cut(t, name->function, FUNCTION_ROOM, function, &name->function_cut) ||
	    !name_read_cut(t, name->file, FILE_ROOM, file, &name->file_cut))
		return 0;
	number = name_number(t, used, entries, name);
	if (hint && number)
		*(volatile uint32_t *)hint = number;
	return number;
}

#endif
