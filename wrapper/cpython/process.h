/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * process: a process -> the CPython in it: its version, its layout, where its runtime lies, its
 * interpreters and thread states. From the process's memory; nothing there is believed.
 */
#ifndef TELETAP_CPYTHON_PROCESS_H
#define TELETAP_CPYTHON_PROCESS_H

#include "tapsets/teletap_layouts.h"
#include "target/memory.h"

#define PYTHON_INTERPRETERS 256 /* more are not looked at */
#define PYTHON_THREADS 8192     /* thread states, of all interpreters */

/* Whether it can be read, and if not, why not. */
enum python_state {
	PYTHON_READ,
	PYTHON_NONE,     /* there is no CPython in it */
	PYTHON_UNKNOWN,  /* of a version that is not known */
	PYTHON_ALIEN,    /* it describes itself otherwise than its version should */
	PYTHON_FREE,     /* a free-threaded build, and what is wanted cannot be read of it */
	PYTHON_OTHER,    /* PyPy */
	PYTHON_32,       /* a program of 32 bits */
	PYTHON_DENIED,   /* its memory may not be read */
	PYTHON_GONE,     /* it has ended */
	PYTHON_UNLOCKED, /* its threads can be read, and no lock keeps them apart */
};

struct python {
	enum python_state state;
	uint32_t version; /* PY_VERSION_HEX; 0: not known */
	uint64_t runtime; /* address of _PyRuntime */
	bool free;        /* a free-threaded build: only its threads and their frames can be read */
	struct python_layout layout;
};

/* A thread state. */
struct python_thread {
	uint64_t at;    /* its address */
	uint64_t ident; /* what pthread_self() said */
	uint64_t gil;   /* address of the lock it needs; 0: none, or not known */
	pid_t native;   /* the thread's number in the innermost PID namespace; 0: not known */
};

/* Looks for it. */
void python_find(struct memory *m, struct python *p);

/* For what cannot be read of free-threaded builds: makes such a one PYTHON_FREE. */
void python_want_lock(struct python *p);

/* A sentence for people about a process whose state is not PYTHON_READ; to be freed. */
char *python_why(const struct python *p, pid_t pid);

/* The addresses of its interpreters, the newest first, into list. Returns how many, or -errno. */
int python_interpreters(struct memory *m, const struct python *p,
			uint64_t list[PYTHON_INTERPRETERS]);

/*
 * All thread states, into list, those of newer interpreters first. Returns how many, or -errno.
 * The list may change while it is read: -EAGAIN when it was never the same twice.
 */
int python_threads(struct memory *m, const struct python *p, struct python_thread *list);

/* Whether this thread state has the interpreter lock. */
bool python_has_gil(struct memory *m, const struct python *p, const struct python_thread *t);

#endif
