/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * returned: the function that returns, in a CPython 3.11, whose markers tell when a function
 * returns, and nearly never when it is entered (gh-98894).
 */
#ifndef TELETAP_BPF_RETURNED_H
#define TELETAP_BPF_RETURNED_H

#include "calls.h"
#define NAME_ROOM CALL_NAMES
#include "names.h"
#include "operands.h"

/* CPython 3.11 has things there, as in tapsets/teletap_cpython.stp. */
#define RUNTIME_CURRENT 576 /* _PyRuntime: thread state that has the GIL */
#define THREAD_IDENT 152    /* thread state: what pthread_self() said */
#define THREAD_CFRAME 56    /* thread state: what holds */
#define CFRAME_FRAME 8      /* the innermost frame */
#define FRAME_CODE 32       /* frame: code object */
#define FRAME_OWNER 69      /* frame: 1: it lives in a generator */
#define CODE_FLAGS 48       /* code: 0x20 generator, 0x80 coroutine, 0x200 both */
#define CODE_LINE 72        /* code: first line */
#define MAKES 0x2a0

static __always_inline bool read_user(void *to, uint32_t size, uint64_t from)
{
	return !bpf_probe_read_user(to, size, (const void *)from);
}

/*
 * The first line of the function that runs on the current thread; *makes: it makes a
 * generator, and nothing of it runs yet. moved: what is to be added to an address in the file.
 * False: that cannot be read.
 */
static __always_inline bool function_line(uint64_t moved, int32_t *line, bool *makes)
{
	uint64_t at, ident, code;
	uint32_t flags;
	uint8_t owner;

	if (!read_user(&at, sizeof(at), config.runtime + moved + RUNTIME_CURRENT) ||
	    !read_user(&ident, sizeof(ident), at + THREAD_IDENT) ||
	    ident != bpf_get_current_task_btf()->thread.fsbase ||
	    !read_user(&at, sizeof(at), at + THREAD_CFRAME) ||
	    !read_user(&at, sizeof(at), at + CFRAME_FRAME) ||
	    !read_user(&owner, sizeof(owner), at + FRAME_OWNER) ||
	    !read_user(&code, sizeof(code), at + FRAME_CODE) ||
	    !read_user(&flags, sizeof(flags), code + CODE_FLAGS) ||
	    !read_user(line, sizeof(*line), code + CODE_LINE))
		return false;
	*makes = owner != 1 && flags & MAKES;
	return true;
}

/* The number of the function that is over; 0: it is not watched, or not known. */
static __always_inline uint32_t call_returned(void *ctx)
{
	const struct site *site = site_of(ctx);
	struct name name = { 0 };
	int64_t file, function;
	bool makes;

	if (!site || !watched())
		return 0;
	if (!operand_read(ctx, &site->operands[0], &file) ||
	    !operand_read(ctx, &site->operands[1], &function) ||
	    !function_line(operand_register(ctx, AT_IP) - site->address, &name.line, &makes)) {
		count(&tables.totals.unread);
		return 0;
	}
	seen(&tables.totals);
	if (makes ||
	    !name_read_cut(&tables.totals, name.function, sizeof(name.function), function,
			   &name.function_cut) ||
	    !name_read_cut(&tables.totals, name.file, sizeof(name.file), file, &name.file_cut))
		return 0;
	return name_number(&tables.totals, &tables.n_names, tables.names, &name);
}

#endif
