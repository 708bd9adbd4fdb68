/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * interpreter: target -> the CPython in it, and what about it decides whether a page
 * can work. Reads only; the process goes on undisturbed.
 */
#ifndef TELETAP_CPYTHON_INTERPRETER_H
#define TELETAP_CPYTHON_INTERPRETER_H

#include "base/check.h"
#include "cpython/binary.h"
#include "model/origin.h"
#include "target/target.h"

enum answer { ANSWER_UNKNOWN, ANSWER_NO, ANSWER_YES };

struct interpreter {
	char *path;                        /* of the file that holds it; NULL: no CPython found */
	char id[2 * SDT_BUILD_ID_MAX + 1]; /* its build-id; "" for none */
	char version[PYTHON_VERSION_MAX];
	bool markers;    /* the file has markers of python */
	bool deleted;    /* it is gone from its path, or another is there */
	enum answer jit; /* PYTHON_JIT=1 */
	enum answer free_threaded;
	enum answer bad_paths; /* among those seen, one that is no UTF-8 */
	char *bad_path;        /* where: for people */
	int interpreters;      /* in the process; 0: not known */
	enum answer foreign;   /* in another mount namespace than we, or a chroot */
};

/* Looks at the target; what cannot be seen stays unknown. Never fails. */
void interpreter_read(struct interpreter *in, const struct target *t);
void interpreter_free(struct interpreter *in);

/*
 * Looks only at what decides whether function markers do harm in the process, or do not
 * tell everything: bad_paths, bad_path and jit.
 */
void interpreter_judge(struct interpreter *in, pid_t pid);

/* Whether these markers are among those that CPython fires with each call. */
bool interpreter_arms_functions(const struct origin *origin);

/* Adds a line to c for each thing looked at. */
void interpreter_check(const struct interpreter *in, const struct target *t, struct checks *c);

#endif
