/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * values: the variables of a frame -> names and short values, as text. Of None, bool, int, float,
 * str and bytes, of tuples, lists and dicts of them; of others the type's name. Nothing of the
 * target is called.
 */
#ifndef TELETAP_CPYTHON_VALUES_H
#define TELETAP_CPYTHON_VALUES_H

#include "cpython/frames.h"

#define VALUES_TEXT 120   /* bytes of a value; the rest is left out */
#define VALUES_NAME 60    /* of a name */
#define VALUES_FRAMES 100 /* the innermost ones, of a thread */
#define VALUES_OF_FRAME 32
#define VALUES_MAX 1000 /* of a thread */

struct python_value {
	int frame; /* its place in the stack */
	char name[VALUES_NAME + 4], value[VALUES_TEXT + 4];
};

struct python_values {
	int n;
	int64_t left; /* variables and frames that found no room, or could not be read */
	struct python_value list[VALUES_MAX];
};

/* Those of these frames, into values. A variable without a value is none. */
void python_values_read(struct memory *m, const struct python *p,
			const struct python_frames *frames, struct python_values *values);

#endif
