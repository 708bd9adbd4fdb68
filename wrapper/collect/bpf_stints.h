/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bpf_stints: what threads are at, out of the tables of bpf/stint.h, for pages 233 and 235.
 */
#ifndef TELETAP_COLLECT_BPF_STINTS_H
#define TELETAP_COLLECT_BPF_STINTS_H

#include "bpf/stint.h"
#include "collect/bpf_collector.h"
#include "collect/bpf_stacks.h"

/* Adds the time of what is under way to the sums, and frees the slots of ended threads. */
void stints_count(struct stint_tables *t);

/* A row that can be told; NULL: it is of somebody who is told with the next snapshot. */
const struct stint_row *stints_row(const struct stint_tables *t, size_t number);

/* Takes away the longest one since it was taken away last. */
int64_t stints_longest(struct stint_tables *t, size_t number);

/* What is new of the stacks. */
void stints_nodes(FILE *f, const struct bpf_loaded *l, struct nodes_sent *sent, int why);

#endif
