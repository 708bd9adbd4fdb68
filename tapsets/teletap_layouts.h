/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * layouts: where CPython keeps what, version by version, for x86-64 and builds with a GIL.
 * Plain numbers, for programs of user space, BPF and modules. Sources: offsetof() over the headers
 * of 3.8.18, 3.9.18, 3.10.13, 3.11.7, 3.12.1, 3.13.0, 3.14.10 and 3.15.2; _Py_DebugOffsets of the
 * process.
 */
#ifndef TELETAP_LAYOUTS_H
#define TELETAP_LAYOUTS_H

#ifndef __bpf__
#include <stdbool.h>
#include <stdint.h>
#endif

/*
 * Offsets in bytes. Those of _PyRuntime, an interpreter, a thread state, a frame, a code
 * object, and of strings and bytes. F(name) for each.
 */
#define PYTHON_FIELDS(F)                                                                           \
	F(r_head)    /* _PyRuntime: first interpreter, the newest */                               \
	F(r_ending)  /* _PyRuntime: thread state that ends it, 0 until then */                     \
	F(r_gil)     /* _PyRuntime: the interpreter lock; to 3.11 */                               \
	F(r_gc)      /* _PyRuntime: the collector's statistics; 3.8 */                             \
	F(i_next)    /* interpreter: the next one */                                               \
	F(i_threads) /* interpreter: first thread state */                                         \
	F(i_gil)     /* interpreter: pointer to its lock; from 3.12 on */                          \
	F(i_gc)      /* interpreter: the collector's statistics; from 3.9 on; */                   \
	/* from 3.15 on a pointer to them */                                                       \
	F(i_collector) /* interpreter: the collector's state; with the two below 3.9, 3.11, */     \
	/* 3.13 to 3.15 */                                                                         \
	F(gc_on)      /* in it: whether it works by itself */                                      \
	F(gc_young)   /* in it: the youngest generation's threshold, then its count */             \
	F(g_holder)   /* lock: thread state that has it, or had it last */                         \
	F(g_locked)   /* lock: whether one has it */                                               \
	F(t_next)     /* thread state: the next one */                                             \
	F(t_interp)   /* thread state: its interpreter; as r_ending 3.9, 3.11, 3.13 to 3.15 */     \
	F(t_ident)    /* thread state: what pthread_self() said */                                 \
	F(t_native)   /* thread state: the kernel's number; from 3.11 on */                        \
	F(t_cframe)   /* thread state: what has the innermost frame; 3.11 and 3.12 */              \
	F(t_frame)    /* thread state, or that: the innermost frame */                             \
	F(f_back)     /* frame: the one that called it */                                          \
	F(f_code)     /* frame: code object, with tag bits from 3.14 on */                         \
	F(f_where)    /* frame: instruction; to 3.10 its number, 32 bits */                        \
	F(f_owner)    /* frame: 1: generator, 3 and more: the interpreter; from 3.11 on */         \
	F(f_locals)   /* frame: variables */                                                       \
	F(f_stack)    /* frame: end of its stack of values; this and the next two from 3.14 on */  \
	F(n_frame)    /* generator, coroutine: its frame */                                        \
	F(n_state)    /* generator, coroutine: how far it is, a byte */                            \
	F(c_file)     /* code: file */                                                             \
	F(c_name)     /* code: name */                                                             \
	F(c_qualname) /* code: qualified name; from 3.11 on */                                     \
	F(c_flags)    /* code: what a call of it makes */                                          \
	F(c_line)     /* code: first line */                                                       \
	F(c_lines)    /* code: table of lines */                                                   \
	F(c_trace)    /* code: first instruction that counts as executing; from 3.11 on */         \
	F(c_start)    /* code: its instructions; from 3.11 on */                                   \
	F(c_names)    /* code: tuple of its variables' names */                                    \
	F(p_items)    /* tuple: items */                                                           \
	F(b_size)     /* bytes: how many */                                                        \
	F(b_data)     /* bytes: they */                                                            \
	F(u_length)   /* string: characters */                                                     \
	F(u_state)    /* string: bits, how it is kept */                                           \
	F(u_ascii)    /* string: text, when ASCII */                                               \
	F(u_wide)     /* string: text, otherwise */

struct python_layout {
	uint32_t minor;
#define PYTHON_FIELD(name) uint32_t name;
	PYTHON_FIELDS(PYTHON_FIELD)
#undef PYTHON_FIELD
};

#define PYTHON_GIL_BYTES 208 /* of the lock, with what threads wait on */

/* From 3.13 on, what stands at _PyRuntime: these bytes, the version, 1 for free-threaded. */
#define PYTHON_COOKIE "xdebugpy"
#define PYTHON_WORDS 104 /* 8-byte words of _Py_DebugOffsets that matter */

/* The layout of a version (PY_VERSION_HEX); NULL: it is not known. */
const struct python_layout *python_layout(uint32_t version);

/*
 * Whether the process itself, by the words of its _Py_DebugOffsets, which it has from 3.13 on,
 * says the same as the layout.
 */
bool python_layout_agree(const struct python_layout *l, const uint64_t words[PYTHON_WORDS]);

#endif
