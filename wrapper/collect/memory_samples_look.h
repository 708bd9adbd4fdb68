/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory_samples_look: which threads there are to be sampled.
 */
#ifndef TELETAP_COLLECT_MEMORY_SAMPLES_LOOK_H
#define TELETAP_COLLECT_MEMORY_SAMPLES_LOOK_H

#include "collect/memory_samples.h"

/* Looks for processes and threads that are new, and for those that have ended. */
void samples_look(struct memory_samples *s);

/* Takes the clock, and what schedstat says. False: the thread has ended. */
bool samples_times(struct samples_thread *t);

/* As many open files as this process may have. */
void samples_more_files(void);

void samples_thread_free(struct samples_thread *t);
void samples_list_free(struct samples_list *l);

#endif
