/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stacks: the samples of page 223, added up; and as files that flame graph
 * viewers open. Pure.
 */
#ifndef TELETAP_PAGES_STACKS_H
#define TELETAP_PAGES_STACKS_H

#include "model/state.h"

#define HIT_BEFORE 2 /* WAITING: since before attaching, its stack is not known */

/* The part of one processor that sampling took in the interval (record sampling). */
double sampling_cost(const struct state *s);

/* Instead of a function's name, in a record without a stack. */
const char *stacks_nothing(const struct record *r);

/*
 * All samples since attaching, as a text to be freed; NULL: out of memory.
 *
 * folded: a line per stack, its frames outermost first, separated by semicolons, and
 * the number of samples: what flamegraph.pl reads. A frame is "function (file:line)",
 * the first one "process PID, thread TID".
 *
 * speedscope: one profile per thread, of the type "sampled", weighted by the number of
 * samples. The format: https://www.speedscope.app/file-format-schema.json
 *
 * svg: a flame graph of the frames of the folded lines, the outermost ones at the bottom, to be
 * looked at in a browser: a click makes a frame as wide as the picture, Ctrl+F searches. A file
 * of its own, which asks nobody for anything.
 */
char *stacks_folded(const struct state *s);
char *stacks_speedscope(const struct state *s, const char *name);
char *stacks_svg(const struct state *s, const char *name);

#endif
