// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/bpf_functions.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fnmatch.h>
#include <string.h>

#include "bpf/calls.h"
#include "collect/bpf_stacks.h"

#define STATE_SWITCHES 4 /* as the record "timed" has it */

const struct bpf_probe bpf_return_probes[] = {
	{ "function__return", "call_return", 2, 0, 0 },
	{ NULL, NULL, 0, 0, 0 },
};

/* The end comes first: a beginning that is seen has its end seen. */
const struct bpf_probe bpf_timed_probes[] = {
	{ "function__return", "call_return", 2, 0, 0 },
	{ "function__entry", "call_entry", 2, 0, 0 },
	{ NULL, NULL, 0, 0, 0 },
};

const struct bpf_probe bpf_extension_probes[] = {
	{ "function__return", "call_return", 4, 0, 0 },
	{ "function__entry", "call_entry", 4, 0, 0 },
	{ NULL, NULL, 0, 0, 0 },
};

int bpf_frames_configure(const struct plan *plan, struct config *config)
{
	return stacks_configure(plan, config);
}

/* Texts need not end where their room does. */
static bool matches(const char *pattern, const char *text, size_t room)
{
	char whole[FILE_ROOM + 1] = "";

	if (!pattern || !*pattern)
		return true;
	memcpy(whole, text, strnlen(text, room));
	return !fnmatch(pattern, whole, 0);
}

bool bpf_name_wanted(const struct name_entry *entry, const struct bpf_settings *s)
{
	return bpf_name_ready(entry) && matches(s->function, entry->name.function, FUNCTION_ROOM) &&
	       matches(s->file, entry->name.file, FILE_ROOM);
}

bool bpf_name_judge(const struct name_entry *entry, const struct bpf_settings *s, uint8_t *wanted)
{
	if (*wanted != NAME_WANTED && *wanted != NAME_UNWANTED && bpf_name_ready(entry))
		*wanted = bpf_name_wanted(entry, s) ? NAME_WANTED : NAME_UNWANTED;
	return *wanted == NAME_WANTED;
}

void bpf_open_sweep(const struct bpf_loaded *l, const char *map)
{
	int fd = bpf_object__find_map_fd_by_name(l->object, map);
	struct {
		uint32_t tid, unused;
		uint64_t frame; /* of keys that have one */
	} key, next;
	bool has = !bpf_map_get_next_key(fd, NULL, &next), lives = false;
	uint32_t tid = 0;

	while (has) {
		key = next;
		has = !bpf_map_get_next_key(fd, &key, &next);
		if (key.tid != tid)
			lives = bpf_task_lives(key.tid);
		tid = key.tid;
		if (!lives)
			bpf_map_delete_elem(fd, &key);
	}
}

void bpf_switches_line(FILE *f, bool switches, bool jit)
{
	fprintf(f, "timed\t%d\t%d\t0\t%d\n", !switches, jit, switches ? STATE_SWITCHES : 0);
}
