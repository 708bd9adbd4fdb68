/* SPDX-License-Identifier: 0BSD */
/*
 * The parts of the module teletap._native:
 *
 *   module.c     what Python sees; threads, forks and the end of the process
 *   helper.c     the thread that looks at the semaphores
 *   table.c      per thread: sums, and the functions that are open
 *   greenlets.c  whether a call is of the stack of the one before
 *   rows.c       the sums by code object
 *   clock.c      time, without asking the kernel
 *   events.c     CPython 3.12 and later: sys.monitoring
 *   profile.c    CPython 3.9 to 3.11: PyEval_SetProfile
 *   gc.c         collections: gc.callbacks
 *   imports.c    imports: importlib's own function
 *   audit.c      audit events: PySys_AddAuditHook
 *   app.c        what the program says of itself, by teletap.h
 *   pages.c      the thread that waits for questions for the program's own pages
 *
 * All state belongs to whoever holds the interpreter's lock; what another thread may
 * touch without it says so.
 */
#ifndef TELETAP_NATIVE_H
#define TELETAP_NATIVE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef Py_GIL_DISABLED
#error "teletap: not for free-threaded builds of CPython: all state belongs to who holds the lock"
#endif

#if PY_VERSION_HEX >= 0x030c0000
#define HAVE_MONITORING 1
#else
#define HAVE_MONITORING 0
#endif

/* What the semaphores of our markers ask for. */
enum {
	WANT_SUMS = 1,  /* tables, handed over every TICK_MS */
	WANT_CALLS = 2, /* a marker per entry and return */
	WANT_TABLES = WANT_SUMS | WANT_CALLS,
	WANT_GC = 4,
	WANT_IMPORTS = 8,
	WANT_AUDIT = 16
};

#define TICK_MS 100

/* markers.c */
int markers_wanted(void); /* needs no lock */

/*
 * One code object's part of a batch, as the marker "sums" hands it over. Strings end
 * with a NUL and hold the bytes of the source file; what cannot be encoded stands as
 * a backslash escape. Times are nanoseconds.
 */
struct sum {
	const char *file, *function;
	int64_t line;       /* the first one of the code object */
	uint64_t calls;     /* begun: also each time a generator or coroutine goes on */
	uint64_t inclusive; /* of calls that are over and not inside one of the same code */
	uint64_t exclusive; /* of calls that are over, without the functions they called */
};

/* In place of both times: not known, as the program's threads change stacks. */
#define NO_TIME UINT64_MAX

void markers_sums(const struct sum *rows, size_t n, uint64_t lost);
void markers_entry(const char *file, const char *function, int line, uint32_t depth);
void markers_return(const char *file, const char *function, int line, uint32_t depth);

/* The collector before a collection: bits. */
enum { GC_ENABLED = 1, GC_DUE = 2, GC_UNKNOWN = -1 };
void markers_loaded(void);
void markers_gc_start(int generation, int state);
void markers_gc_done(int64_t found);
void markers_import_start(const char *name);
void markers_import_done(const char *name, int found);
void markers_audit(const char *event, const PyObject *arguments);

/* table.c */
void table_enter(PyObject *code, const void *frame); /* frame: its address; NULL: not known */
void table_leave(PyObject *code, const void *frame);
bool table_mutes(PyObject *code); /* no pattern matches: it is not to be counted */
void table_set_mode(int wants);   /* begins anew when it changes */
void table_flush(void);           /* hands over what there is, of all threads */
void table_forked(void);          /* in a child: what there is belongs to the parent */

/* greenlets.c */
extern bool greenlets;     /* the program has some: frames are to be told */
void greenlets_look(void); /* whether it has */
/* Whether the frame caller has called the other one, itself or by others; NULL: not known. */
bool greenlets_called(const void *caller, const void *frame);

/* rows.c */
int table_only(PyObject *patterns); /* a sequence of str; -1 with an exception set */
extern bool filtering;              /* it has been given some */

/* events.c or profile.c */
int source_begin(PyObject *module); /* -1 with an exception set */
bool source_on(void);               /* false: it cannot be had now */
void source_off(void);
void source_tick(void);       /* every TICK_MS while it is on */
const char *source_why(void); /* why it cannot be had; NULL: it can */
extern PyMethodDef source_methods[];

/* gc.c, imports.c, audit.c; begin: -1 with an exception set */
int gc_begin(void);
void gc_switch(bool on);
int imports_begin(void);
void imports_switch(bool on);
void audit_switch(bool on);

/* helper.c */
void helper_start(void);  /* nothing when it runs */
void helper_stop(void);   /* gives the lock away while it waits, some seconds at most */
void helper_forget(void); /* in a child, where it does not run */
bool helper_runs(void);

/* A thread that blocks the program's signals. */
struct thread_own {
	void *(*run)(void *);
	void *arg;
	pthread_t handle;
	_Atomic int tid;
};
bool thread_start(struct thread_own *thread, size_t stack, void *(*run)(void *), void *arg);
bool thread_join(struct thread_own *thread); /* and for /proc it is no more; false: it goes on */

/* pages.c */
void pages_again(void);  /* after a fork */
void pages_forget(void); /* in a child, where the thread does not run */
extern PyMethodDef pages_methods[];

/* module.c */
void switch_look(void);  /* does what the semaphores ask for now, and hands over */
bool switch_is_on(void); /* may be asked without the interpreter's lock */

#endif
