/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bpf_collector: BPF programs and their tables -> lines of the protocol, as a module prints
 * them.
 */
#ifndef TELETAP_COLLECT_BPF_COLLECTOR_H
#define TELETAP_COLLECT_BPF_COLLECTOR_H

#include <stdio.h>

#include "collect/bpf_attach.h"
#include "collect/child.h"

/* What belongs to one module: its probes, and the lines of its tables. */
struct bpf_module {
	const char *name;
	size_t size;                    /* of its tables */
	const struct bpf_probe *probes; /* in the order of attaching: ends before beginnings */
	bool threads;                   /* its pages say whether the target's threads run */
	const char *by_thread;          /* a map of what threads have begun; NULL: none */
	void (*lines)(FILE *f, void *tables, const struct config *config);
};

extern const struct child_ops bpf_ops;
extern const struct bpf_module bpf_gc;

/* An entry's number as far as the table has them, after the events that found no room. */
static inline size_t bpf_used(const uint64_t *used, size_t room)
{
	uint64_t n = __atomic_load_n(used, __ATOMIC_ACQUIRE);

	return n < room ? (size_t)n : room;
}

#endif
