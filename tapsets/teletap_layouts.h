/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * layouts: where CPython keeps what, version by version, for x86-64.
 * Plain numbers, for programs of user space, BPF and modules. Sources: offsetof() over the headers
 * of 3.8.18, 3.9.18, 3.10.13, 3.11.7, 3.12.1, 3.13.0, 3.14.10 and 3.15.2; _Py_DebugOffsets of the
 * process. To add a version, add a row to each table.
 */
#ifndef TELETAP_LAYOUTS_H
#define TELETAP_LAYOUTS_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#endif

/*
 * Offsets in bytes. Those of _PyRuntime, an interpreter, a thread state, a frame, a code
 * object, and of strings and bytes.
 */
struct python_layout {
	uint32_t minor;
	uint32_t r_head;    /* _PyRuntime: first interpreter, the newest */
	uint32_t r_ending;  /* _PyRuntime: thread state that ends it, 0 until then */
	uint32_t r_gil;     /* _PyRuntime: the interpreter lock; to 3.11 */
	uint32_t r_gc;      /* _PyRuntime: the collector's statistics; 3.8 */
	uint32_t r_current; /* _PyRuntime: thread state that has the lock; 3.9 and 3.11 */
	uint32_t i_next;    /* interpreter: the next one */
	uint32_t i_threads; /* interpreter: first thread state */
	uint32_t i_gil;     /* interpreter: pointer to its lock; from 3.12 on */
	uint32_t i_holder;  /* interpreter: thread state that had its lock last; 3.13 to 3.15 */
	uint32_t i_gc; /* interpreter: the collector's statistics, from 3.9 on; 3.15: a pointer */
	/* The next three, r_ending and t_interp: 3.9, 3.11, 3.13 to 3.15. */
	uint32_t i_collector; /* interpreter: the collector's state, */
	uint32_t gc_on;       /* in it: whether it works by itself, */
	uint32_t gc_young;    /* and the youngest generation's threshold, then its count */
	uint32_t g_holder;    /* lock: thread state that has it, or had it last */
	uint32_t g_locked;    /* lock: whether one has it */
	uint32_t t_next;      /* thread state: the next one */
	uint32_t t_interp;    /* thread state: its interpreter */
	uint32_t t_ident;     /* thread state: what pthread_self() said */
	uint32_t t_native;    /* thread state: the kernel's number; from 3.11 on */
	uint32_t t_status;    /* thread state: bits, 0x10 is active; 3.13 to 3.15 */
	uint32_t t_cframe;    /* thread state: what has the innermost frame; 3.11 and 3.12 */
	uint32_t t_frame;     /* thread state, or that: the innermost frame */
	uint32_t f_back;      /* frame: the one that called it */
	uint32_t f_code;      /* frame: code object, with tag bits from 3.14 on */
	uint32_t f_where;     /* frame: instruction; to 3.10 its number, 32 bits */
	uint32_t f_owner;     /* frame: 1: generator, 3 and more: the interpreter; from 3.11 on */
	uint32_t f_locals;    /* frame: variables */
	uint32_t f_stack;     /* frame: end of its values; from 3.10 to 3.13 how many, 32 bits */
	uint32_t f_values;    /* frame: pointer to its values; 3.10 */
	uint32_t n_frame;     /* generator, coroutine: its frame; to 3.10 a pointer to it */
	uint32_t n_state;     /* generator, coroutine, 3.10: frame: how far it is, a byte */
	uint32_t c_file;      /* code: file */
	uint32_t c_name;      /* code: name */
	uint32_t c_qualname;  /* code: qualified name; from 3.11 on */
	uint32_t c_flags;     /* code: what a call of it makes */
	uint32_t c_line;      /* code: first line */
	uint32_t c_lines;     /* code: table of lines */
	uint32_t c_trace;     /* code: first instruction that counts as executing; from 3.11 on */
	uint32_t c_start;     /* code: its instructions; from 3.11 on */
	uint32_t c_code;      /* code: bytes object of its instructions; to 3.10 */
	uint32_t c_names;     /* code: tuple of its variables' names */
	uint32_t p_items;     /* tuple: items */
	uint32_t b_size;      /* bytes: how many */
	uint32_t b_data;      /* bytes: they */
	uint32_t u_length;    /* string: characters */
	uint32_t u_state;     /* string: bits, how it is kept */
	uint32_t u_ascii;     /* string: text, when ASCII */
	uint32_t u_wide;      /* string: text, otherwise */
};

#define PYTHON_GIL_BYTES 208 /* of the lock, with what threads wait on */

/* From 3.13 on, what stands at _PyRuntime: these bytes, the version, 1 for free-threaded. */
#define PYTHON_COOKIE "xdebugpy"
#define PYTHON_WORDS 104 /* 8-byte words of _Py_DebugOffsets that matter */

/* clang-format off */
static const struct python_layout python_layouts[] = {
	{ .minor = 8, .r_head = 32, .r_gil = 1152, .r_gc = 472, .i_next = 0, .i_threads = 8,
	  .g_holder = 8, .g_locked = 16, .t_next = 8, .t_ident = 176, .t_frame = 24,
	  .f_back = 24, .f_code = 32, .f_where = 104,
	  .c_file = 104, .c_name = 112, .c_flags = 36, .c_line = 40, .c_lines = 120,
	  .b_size = 16, .b_data = 32, .u_length = 16, .u_state = 32, .u_ascii = 48, .u_wide = 72,
	  .f_locals = 360, .c_names = 72, .p_items = 24, .c_code = 48,
	  .f_stack = 72, .n_frame = 16, .n_state = 24 },
	{ .minor = 9, .r_ending = 16, .gc_on = 628, .gc_young = 656, .t_interp = 16,
	  .r_head = 32, .r_gil = 352, .r_current = 568, .i_next = 0, .i_threads = 8, .i_gc = 744,
	  .g_holder = 8, .g_locked = 16, .t_next = 8, .t_ident = 176, .t_frame = 24,
	  .f_back = 24, .f_code = 32, .f_where = 104,
	  .c_file = 104, .c_name = 112, .c_flags = 36, .c_line = 40, .c_lines = 120,
	  .b_size = 16, .b_data = 32, .u_length = 16, .u_state = 32, .u_ascii = 48, .u_wide = 72,
	  .f_locals = 360, .c_names = 72, .p_items = 24, .c_code = 48,
	  .f_stack = 72, .n_frame = 16, .n_state = 24 },
	{ .minor = 10, .r_head = 32, .r_gil = 352, .i_next = 0, .i_threads = 8, .i_gc = 744,
	  .g_holder = 8, .g_locked = 16, .t_next = 8, .t_ident = 176, .t_frame = 24,
	  .f_back = 24, .f_code = 32, .f_where = 96,
	  .c_file = 104, .c_name = 112, .c_flags = 36, .c_line = 40, .c_lines = 120,
	  .b_size = 16, .b_data = 32, .u_length = 16, .u_state = 32, .u_ascii = 48, .u_wide = 72,
	  .f_locals = 352, .c_names = 72, .p_items = 24, .c_code = 48,
	  .f_stack = 80, .f_values = 64, .n_frame = 16, .n_state = 108 },
	{ .minor = 11, .r_ending = 24, .gc_on = 660, .gc_young = 688, .t_interp = 16,
	  .r_head = 40, .r_gil = 360, .r_current = 576, .i_next = 0, .i_threads = 16, .i_gc = 776,
	  .g_holder = 8, .g_locked = 16, .t_next = 8, .t_ident = 152, .t_native = 160,
	  .t_cframe = 56, .t_frame = 8, .f_back = 48, .f_code = 32, .f_where = 56, .f_owner = 69,
	  .c_file = 112, .c_name = 120, .c_qualname = 128, .c_line = 72, .c_lines = 136,
	  .c_flags = 48,
	  .c_trace = 168, .c_start = 184,
	  .b_size = 16, .b_data = 32, .u_length = 16, .u_state = 32, .u_ascii = 48, .u_wide = 72,
	  .f_locals = 72, .c_names = 96, .p_items = 24, .f_stack = 64, .n_frame = 80, .n_state = 75 },
	{ .minor = 12, .r_head = 40, .i_next = 0, .i_threads = 72, .i_gil = 384, .i_gc = 240,
	  .g_holder = 8, .g_locked = 16, .t_next = 8, .t_ident = 136, .t_native = 144,
	  .t_cframe = 56, .t_frame = 0, .f_back = 8, .f_code = 0, .f_where = 56, .f_owner = 70,
	  .c_file = 112, .c_name = 120, .c_qualname = 128, .c_line = 68, .c_lines = 136,
	  .c_flags = 48,
	  .c_trace = 176, .c_start = 192,
	  .b_size = 16, .b_data = 32, .u_length = 16, .u_state = 32, .u_ascii = 40, .u_wide = 56,
	  .f_locals = 72, .c_names = 96, .p_items = 24, .f_stack = 64, .n_frame = 72, .n_state = 67 },
	{ .minor = 13, .r_ending = 608, .i_collector = 7400, .gc_on = 12, .gc_young = 40, .t_interp = 16,
	  .r_head = 632, .i_next = 7264, .i_threads = 7344, .i_gil = 16, .i_holder = 7760, .i_gc = 7528,
	  .g_holder = 8, .g_locked = 16, .t_next = 8, .t_ident = 152, .t_native = 160, .t_status = 32,
	  .t_frame = 72, .f_back = 8, .f_code = 0, .f_where = 56, .f_owner = 70,
	  .c_file = 112, .c_name = 120, .c_qualname = 128, .c_line = 68, .c_lines = 136,
	  .c_flags = 48,
	  .c_trace = 184, .c_start = 200,
	  .b_size = 16, .b_data = 32, .u_length = 16, .u_state = 32, .u_ascii = 40, .u_wide = 56,
	  .f_locals = 72, .c_names = 96, .p_items = 24, .f_stack = 64, .n_frame = 72, .n_state = 67 },
	{ .minor = 14, .r_ending = 784, .i_collector = 7408, .gc_on = 12, .gc_young = 40, .t_interp = 16,
	  .r_head = 808, .i_next = 7272, .i_threads = 7344, .i_gil = 16, .i_holder = 7792, .i_gc = 7528,
	  .g_holder = 8, .g_locked = 16, .t_next = 8, .t_ident = 152, .t_native = 160, .t_status = 32,
	  .t_frame = 72, .f_back = 8, .f_code = 0, .f_where = 56, .f_owner = 74,
	  .c_file = 112, .c_name = 120, .c_qualname = 128, .c_line = 68, .c_lines = 136,
	  .c_flags = 48,
	  .c_trace = 192, .c_start = 208,
	  .b_size = 16, .b_data = 32, .u_length = 16, .u_state = 32, .u_ascii = 40, .u_wide = 56,
	  .f_locals = 80, .c_names = 96, .p_items = 32, .f_stack = 64, .n_frame = 72, .n_state = 67 },
	{ .minor = 15, .r_ending = 912, .i_collector = 7400, .gc_on = 0, .gc_young = 24, .t_interp = 16,
	  .r_head = 936, .i_next = 7264, .i_threads = 7336, .i_gil = 16, .i_holder = 7744, .i_gc = 7504,
	  .g_holder = 8, .g_locked = 16, .t_next = 8, .t_ident = 176, .t_native = 184, .t_status = 32,
	  .t_frame = 72, .f_back = 8, .f_code = 0, .f_where = 56, .f_owner = 74,
	  .c_file = 112, .c_name = 120, .c_qualname = 128, .c_line = 68, .c_lines = 136,
	  .c_flags = 48,
	  .c_trace = 192, .c_start = 208,
	  .b_size = 16, .b_data = 32, .u_length = 16, .u_state = 32, .u_ascii = 40, .u_wide = 56,
	  .f_locals = 80, .c_names = 96, .p_items = 32, .f_stack = 64, .n_frame = 72, .n_state = 67 },
};

/* The same fields: at which word of _Py_DebugOffsets each stands; 0: it does not. */
static const struct python_layout python_words[] = {
	{ .minor = 13, .r_ending = 4, .i_collector = 10, .t_interp = 22,
	  .r_head = 5, .i_next = 8, .i_threads = 9, .i_gil = 14, .i_holder = 18,
	  .t_next = 21, .t_ident = 24, .t_native = 25, .t_status = 27, .t_frame = 23,
	  .f_back = 29, .f_code = 30, .f_where = 31, .f_owner = 33,
	  .c_file = 35, .c_name = 36, .c_qualname = 37, .c_line = 39, .c_lines = 38, .c_start = 43,
	  .b_size = 65, .b_data = 66, .u_length = 69, .u_state = 68, .u_ascii = 70,
	  .f_locals = 32, .c_names = 41, .p_items = 51 },
	{ .minor = 14, .r_ending = 4, .i_collector = 11, .t_interp = 25,
	  .r_head = 5, .i_next = 8, .i_threads = 9, .i_gil = 15, .i_holder = 19,
	  .t_next = 24, .t_ident = 27, .t_native = 28, .t_status = 30, .t_frame = 26,
	  .f_back = 32, .f_code = 33, .f_where = 34, .f_owner = 36,
	  .c_file = 40, .c_name = 41, .c_qualname = 42, .c_line = 44, .c_lines = 43, .c_start = 48,
	  .b_size = 75, .b_data = 76, .u_length = 79, .u_state = 78, .u_ascii = 80,
	  .f_locals = 35, .c_names = 46, .p_items = 57, .f_stack = 37, .n_frame = 85, .n_state = 86 },
	{ .minor = 15, .r_ending = 4, .i_collector = 11, .t_interp = 25,
	  .r_head = 5, .i_next = 8, .i_threads = 9, .i_gil = 15, .i_holder = 19,
	  .t_next = 24, .t_ident = 30, .t_native = 31, .t_status = 33, .t_frame = 26,
	  .f_back = 40, .f_code = 41, .f_where = 42, .f_owner = 44,
	  .c_file = 48, .c_name = 49, .c_qualname = 50, .c_line = 52, .c_lines = 51, .c_start = 56,
	  .b_size = 87, .b_data = 88, .u_length = 91, .u_state = 90, .u_ascii = 92,
	  .f_locals = 43, .c_names = 54, .p_items = 69, .f_stack = 45, .n_frame = 101, .n_state = 102 },
};
/* clang-format on */

#ifndef __KERNEL__
/*
 * Free-threaded builds, whose objects have a head that is 16 bytes longer, and whose lock begins
 * with whether it is used. Only for what page 224 reads. Source: offsetof() over the headers of
 * 3.13.15; _Py_DebugOffsets of the process.
 */
/* clang-format off */
static const struct python_layout python_free_layouts[] = {
	{ .minor = 13, .t_interp = 16,
	  .r_head = 632, .r_ending = 608, .i_collector = 7400, .i_next = 7264, .i_threads = 7344, .i_gil = 16,
	  .g_holder = 16, .g_locked = 24, .t_next = 8, .t_ident = 152, .t_native = 160, .t_status = 32,
	  .t_frame = 72, .f_back = 8, .f_code = 0, .f_where = 56, .f_owner = 70, .f_locals = 72,
	  .c_file = 128, .c_name = 136, .c_qualname = 144, .c_line = 84, .c_lines = 152, .c_flags = 64,
	  .c_trace = 200, .c_start = 216, .c_names = 112, .p_items = 40,
	  .b_size = 32, .b_data = 48, .u_length = 32, .u_state = 48, .u_ascii = 56, .u_wide = 72 },
};
/* clang-format on */

/*
 * What leads to the tasks of asyncio, and they, to 3.13. Later versions say it of themselves, but
 * for what leads to those of programs without _asyncio.
 * Sources: offsetof() over the same headers, Modules/_asynciomodule.c, and tasks of living
 * programs, in which each field was sought by what it has to be.
 */
struct python_task_layout {
	uint32_t minor;
	uint32_t i_modules; /* interpreter: dict of modules; to 3.13 */
	uint32_t w_modules; /* word of _Py_DebugOffsets: likewise; from 3.14 on */
	uint32_t t_loop;    /* thread state: dict that has its loop that runs; to 3.12 */
	uint32_t w_loop;    /* word of _Py_DebugOffsets: where a thread state has that loop; 3.13 */
	uint32_t h_keys;    /* class: names of its objects' attributes; from 3.11 on */
	uint32_t fn_globals; /* function: dict of its module */
	uint32_t fn_closure; /* function: tuple of its cells */
	uint32_t k_size;     /* task: how long it is */
	uint32_t k_state;    /* task: 0 until it is done, 32 bits */
	uint32_t k_weak;     /* task: weak reference to it; 0: before it, in 3.13 */
	uint32_t k_waiter;   /* task: future that it waits for */
	uint32_t k_coroutine;
	uint32_t k_name;
};

/* clang-format off */
static const struct python_task_layout python_task_layouts[] = {
	{ .minor = 8, .i_modules = 56, .t_loop = 152, .fn_globals = 24, .fn_closure = 48,
	  .k_size = 144, .k_state = 72, .k_weak = 96, .k_waiter = 104, .k_coroutine = 112, .k_name = 120 },
	{ .minor = 9, .i_modules = 856, .t_loop = 152, .fn_globals = 24, .fn_closure = 48,
	  .k_size = 184, .k_state = 80, .k_weak = 104, .k_waiter = 144, .k_coroutine = 152, .k_name = 160 },
	{ .minor = 10, .i_modules = 856, .t_loop = 152, .fn_globals = 16, .fn_closure = 72,
	  .k_size = 192, .k_state = 88, .k_weak = 112, .k_waiter = 152, .k_coroutine = 160, .k_name = 168 },
	{ .minor = 11, .i_modules = 888, .t_loop = 128, .h_keys = 872, .fn_globals = 16, .fn_closure = 72,
	  .k_size = 176, .k_state = 88, .k_weak = 112, .k_waiter = 128, .k_coroutine = 136, .k_name = 144 },
	{ .minor = 12, .i_modules = 944, .t_loop = 112, .h_keys = 880, .fn_globals = 16, .fn_closure = 72,
	  .k_size = 176, .k_state = 88, .k_weak = 112, .k_waiter = 128, .k_coroutine = 136, .k_name = 144 },
	{ .minor = 13, .i_modules = 7656, .w_loop = 19, .h_keys = 880, .fn_globals = 16, .fn_closure = 72,
	  .k_size = 144, .k_state = 96, .k_waiter = 112, .k_coroutine = 120, .k_name = 128 },
	{ .minor = 14, .w_modules = 12, .h_keys = 880 },
	{ .minor = 15, .w_modules = 12, .h_keys = 888 },
};
/* clang-format on */
#endif

static inline const struct python_layout *python_row(const struct python_layout *row, size_t n,
						     uint32_t minor)
{
	for (; n > 0; n--, row++) {
		if (row->minor == minor)
			return row;
	}
	return NULL;
}

#ifndef __KERNEL__
static inline const struct python_task_layout *python_task_layout(uint32_t minor)
{
	size_t n = sizeof(python_task_layouts) / sizeof(*python_task_layouts);

	for (size_t i = 0; i < n; i++) {
		if (python_task_layouts[i].minor == minor)
			return &python_task_layouts[i];
	}
	return NULL;
}
#endif

#define PYTHON_ROW(table, minor) python_row(table, sizeof(table) / sizeof(*(table)), minor)

#ifndef __KERNEL__
/* The layout of a free-threaded build of a version; NULL: it is not known. */
static inline const struct python_layout *python_free_layout(uint32_t version)
{
	return version >> 24 == 3 ? PYTHON_ROW(python_free_layouts, version >> 16 & 0xff) : NULL;
}
#endif

/* The layout of a version (PY_VERSION_HEX); NULL: it is not known. */
static inline const struct python_layout *python_layout(uint32_t version)
{
	return version >> 24 == 3 ? PYTHON_ROW(python_layouts, version >> 16 & 0xff) : NULL;
}

/* Whether modules can read the stacks of this version: they begin at the thread with the lock. */
static inline bool python_has_stacks(uint32_t version)
{
	const struct python_layout *l = python_layout(version);

	return l && (l->r_current || l->i_holder);
}

/*
 * Whether a field, by its number, is read here. Modules alone read two; where the first stands
 * may differ from release to release.
 */
static inline bool python_field_matters(size_t i)
{
#ifndef __KERNEL__
	if (i == offsetof(struct python_layout, i_holder) / sizeof(uint32_t) ||
	    i == offsetof(struct python_layout, t_status) / sizeof(uint32_t))
		return false;
#endif
	return true;
}

/*
 * Whether n words of the process's _Py_DebugOffsets, which it has from 3.13 on, say the same as
 * the layout. first: which one they begin with.
 */
static inline bool python_layout_agree(const struct python_layout *l, const uint64_t *words,
				       uint32_t first, uint32_t n)
{
	const struct python_layout *w = PYTHON_ROW(python_words, l->minor);
	const uint32_t *at = (const uint32_t *)l, *word = (const uint32_t *)w;
	size_t i;

	for (i = 1; w && i < sizeof(*l) / sizeof(*at); i++) {
		if (word[i] && word[i] - first < n && words[word[i] - first] != at[i] &&
		    python_field_matters(i))
			return false;
	}
	return w;
}

#endif
