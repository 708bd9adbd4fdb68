/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * names: strings of a program, which become numbers, the same in all processes. By content:
 * an address says nothing, the program may use it again for another string.
 */
#ifndef TELETAP_BPF_NAMES_H
#define TELETAP_BPF_NAMES_H

#include "session.h"

/* The kernel hashes with a secret, so no program can choose names that collide. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, NAMES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
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

/* The name's number, at most NAMES; 0: there is no room, which is counted. */
static __always_inline uint32_t name_number(struct totals *t, struct names *names,
					    const struct name *name)
{
	uint32_t number;
	bool is_new;

	number = entry_number(&name_numbers, name, &names->n, NAMES, &t->full, &is_new);
	if (is_new) {
		names->list[INDEX(number, NAMES)] = *name;
		count(&names->ready[INDEX(number, NAMES)]);
	}
	return number;
}

#endif
