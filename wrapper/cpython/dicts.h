/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dicts: the entries of a dict, and an object's attributes by name, of builds with a GIL.
 * Nothing that is read is believed; nothing of the target is called.
 */
#ifndef TELETAP_CPYTHON_DICTS_H
#define TELETAP_CPYTHON_DICTS_H

#include "cpython/objects.h"

/* A walk over the entries of a dict, deleted ones included. */
struct dict_walk {
	uint64_t used;   /* how many it says that it has */
	uint64_t values; /* where they are, when keys are shared with other dicts; 0: beside the
			    keys */
	uint64_t entries, size;
	uint64_t i, n;
};

/* Begins a walk. Returns 0, or -errno. */
int dict_begin(struct memory *m, const struct python *p, uint64_t dict, struct dict_walk *w);

/* The next entry that is not deleted. Returns 1; 0: there is none; -errno. */
int dict_next(struct memory *m, struct dict_walk *w, uint64_t *key, uint64_t *value);

/* The value of a key that is this string. Returns 0; -ENOENT: there is none; -errno. */
int dict_find(struct memory *m, const struct python *p, uint64_t dict, const char *name,
	      uint64_t *value);

/*
 * An attribute that an object itself has, of the program or of a library in Python. Returns 0;
 * -ENOENT: it has none; -errno. Of the versions in python_task_layouts.
 */
int dict_attribute(struct memory *m, const struct python *p, uint64_t object, const char *name,
		   uint64_t *value);

#endif
