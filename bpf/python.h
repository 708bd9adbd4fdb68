/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * python: reads CPython's own structures out of the memory of the current process, as
 * tapsets/teletap_cpython.h does. bias: what is to be added to an address in the file.
 */
#ifndef TELETAP_BPF_PYTHON_H
#define TELETAP_BPF_PYTHON_H

#define NAME_ROOM WALK_NAMES
#include "names.h"
#include "python_thread.h"
#include "stack.h"

#define PYTHON_SKIPPED 64 /* frames in a row that are none of Python's */
#define PYTHON_STEPS (WALK_FRAMES * 4)
#define STRING_HASH 24 /* of a string object: PyASCIIObject, Include/cpython/unicodeobject.h */
#define NO_HASH (~0ULL)

/*
 * Names by code object. That the object is still the same one is seen from what it points to,
 * and from the hashes that its strings carry: CPython keys them by a secret of the process.
 */
struct code {
	uint64_t mm, at, function, file, hashes[2];
	int64_t line;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct code);
	__type(value, uint32_t);
} code_names SEC(".maps");

/* What a thread's walk needs: it is too large for a program's stack. */
struct walk {
	struct walked stack;
	struct name name;
	uint64_t at, bias, skipped;
};

/* Finds the text of a string object, its size in bytes and its kind; see words.h. */
static __always_inline bool python_string(uint64_t object, uint64_t *from, uint64_t *size,
					  uint8_t *kind)
{
	uint64_t length;
	uint32_t state, bytes;

	if (!python_read(&length, sizeof(length), object + PYTHON(u_length)) ||
	    !python_read(&state, sizeof(state), object + PYTHON(u_state)))
		return false;
	bytes = state >> 2 & 7;
	if (!(state & 0x20) || (bytes != 1 && bytes != 2 && bytes != 4) || length > 1 << 20)
		return false;
	*from = object + (state & 0x40 ? PYTHON(u_ascii) : PYTHON(u_wide));
	*size = length * bytes;
	*kind = state & 0x40 ? 0 : bytes;
	return true;
}

/* Reads a string object. */
static __always_inline bool python_text(char *to, uint32_t room, uint64_t object, uint8_t *kind,
					uint8_t *cut)
{
	uint64_t from, size;

	if (!python_string(object, &from, &size, kind))
		return false;
	*cut = size > room;
	if (size > room)
		size = room;
	return !bpf_probe_read_user(to, INDEX(size, room), (const void *)from);
}

/*
 * The name of the frame that walk is at, whose code object is read; negative: it cannot be
 * read; 0: there is no room.
 */
static __always_inline int64_t python_name(struct walk *w, uint64_t code)
{
	struct code key = { .mm = (uint64_t)bpf_get_current_task_btf()->mm, .at = code };
	struct name *name = &w->name;
	uint32_t *known, number;
	int32_t line;

	if (!python_read(&line, sizeof(line), code + PYTHON(c_line)))
		return -1;
	key.function = python_word(code + PYTHON(c_name));
	key.file = python_word(code + PYTHON(c_file));
	key.line = line;
	if (!python_read(&key.hashes[0], sizeof(uint64_t), key.function + STRING_HASH) ||
	    !python_read(&key.hashes[1], sizeof(uint64_t), key.file + STRING_HASH))
		return -1;
	known = bpf_map_lookup_elem(&code_names, &key);
	if (known)
		return *known;
	__builtin_memset(name, 0, sizeof(*name));
	name->line = line;
	if (!python_text(name->function, FUNCTION_ROOM, key.function, &name->function_kind,
			 &name->function_cut) ||
	    !python_text(name->file, FILE_ROOM, key.file, &name->file_kind, &name->file_cut))
		return -1;
	number = name_number(&tables.totals, &tables.n_names, tables.names, name);
	if (number && key.hashes[0] != NO_HASH && key.hashes[1] != NO_HASH)
		bpf_map_update_elem(&code_names, &key, &number, BPF_ANY);
	return number;
}

/* Whether there is a frame of Python's; sys._getframe() passes over the others, too. */
static __always_inline bool python_is_frame(const struct walk *w, uint64_t frame, uint64_t code,
					    bool *unread)
{
	uint64_t type = python_word(code + 8), where;
	uint8_t owner = 0;
	uint32_t first;

	*unread = !type;
	if (!type || type != config.type + w->bias)
		return false;
	if (!PYTHON(f_owner))
		return true;
	if (!python_read(&owner, sizeof(owner), frame + PYTHON(f_owner)) ||
	    !python_read(&where, sizeof(where), frame + PYTHON(f_where)) ||
	    !python_read(&first, sizeof(first), code + PYTHON(c_trace))) {
		*unread = true;
		return false;
	}
	return owner == OWNER_GENERATOR || where >= code + PYTHON(c_start) + 2 * (uint64_t)first;
}

/* For bpf_loop: one frame outward. 1: there is an end. */
static long python_step(uint32_t i, void *ctx)
{
	struct walk *w = *(struct walk **)ctx;
	uint64_t frame = w->at, code;
	uint8_t owner = 0;
	bool unread;
	int64_t name;

	(void)i;
	if (!frame)
		return 1;
	if (!python_read(&w->at, sizeof(w->at), frame + PYTHON(f_back)) ||
	    !python_read(&code, sizeof(code), frame + PYTHON(f_code)) ||
	    (PYTHON(f_owner) && !python_read(&owner, 1, frame + PYTHON(f_owner)))) {
		w->stack.end = WALK_UNREAD;
		return 1;
	}
	if (config.python.minor >= 14)
		code &= ~7ULL;
	unread = false;
	if (owner >= OWNER_INTERPRETER || !python_is_frame(w, frame, code, &unread)) {
		if (unread || ++w->skipped >= PYTHON_SKIPPED) {
			w->stack.end = WALK_UNREAD;
			return 1;
		}
		return 0;
	}
	w->skipped = 0;
	if (w->stack.n >= WALK_FRAMES) {
		w->stack.end = WALK_CUT;
		return 1;
	}
	name = python_name(w, code);
	if (name <= 0) {
		w->stack.end = name ? WALK_UNREAD : WALK_FULL;
		return 1;
	}
	w->stack.names[INDEX(w->stack.n, WALK_FRAMES - 1)] = name;
	w->stack.n++;
	return 0;
}

/* A marker of CPython's fires in a thread that has a state: "thread" 0 is one that is unread. */
static __always_inline void walk_begin(struct walk *w, uint64_t bias, uint64_t thread)
{
	w->stack.n = 0;
	w->stack.end = WALK_WHOLE;
	w->skipped = 0;
	w->bias = bias;
	w->at = 0;
	if (!thread || !python_frame_of(thread, &w->at))
		w->stack.end = WALK_UNREAD;
}

/* The current thread's stack; what it could not read is in the sums. */
static __always_inline void python_stack(struct walk *w, uint64_t bias, uint64_t thread)
{
	struct walk_sums *sums = &tables.stacks;

	walk_begin(w, bias, thread);
	bpf_loop(PYTHON_STEPS, python_step, &w, 0);
	if (w->at && w->stack.end == WALK_WHOLE)
		w->stack.end = WALK_UNREAD;
	if (w->stack.end == WALK_CUT)
		count(&sums->cut);
	if (w->stack.end == WALK_UNREAD)
		count(&sums->unread);
	if (w->stack.end == WALK_FULL)
		w->stack.n = 0; /* counted already */
	else if (w->stack.n)
		count(&sums->taken);
	else if (w->stack.end == WALK_WHOLE)
		count(&sums->none);
}

/* For bpf_loop: the same as far as the innermost frame. */
static long python_first(uint32_t i, void *ctx)
{
	return python_step(i, ctx) || (*(struct walk **)ctx)->stack.n;
}

/* The name of a thread state's innermost function; 0: none, or unread, which is counted. */
static __always_inline uint32_t python_function(struct walk *w, uint64_t bias, uint64_t thread)
{
	walk_begin(w, bias, thread);
	bpf_loop(PYTHON_SKIPPED, python_first, &w, 0);
	if (w->stack.end == WALK_UNREAD)
		count(&tables.stacks.unread);
	return w->stack.n ? w->stack.names[0] : 0;
}

#endif
