/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bpf_collector: BPF programs and their tables -> lines of the protocol, as a module prints
 * them.
 */
#ifndef TELETAP_COLLECT_BPF_COLLECTOR_H
#define TELETAP_COLLECT_BPF_COLLECTOR_H

#include <stdio.h>

#include "collect/bpf_attach.h"
#include "collect/bpf_events.h"
#include "collect/child.h"

/* The options of its pages. */
struct bpf_settings {
	const char *function, *file; /* patterns; NULL: all */
	uint64_t rate;               /* events a second that are kept; 0: not said */
	bool counts;                 /* calls are not to be timed */
	bool jit;                    /* the process was asked to use its JIT */
	unsigned hz;                 /* samples a second */
	int why;                     /* no Python stacks: see the record "stacks" */
};

/* What belongs to one module: its probes, and the lines of its tables. */
struct bpf_module {
	const char *name;
	size_t size;           /* of its tables */
	size_t apart_size;     /* of those of figures that are told apart; 0: there are none */
	size_t n_names, names; /* where their names are; 0: they have none */
	size_t words;          /* or words, likewise */
	size_t name_room;
	const char *const *given; /* names known beforehand: from [1] on, NULL at the end */
	/* In the order of attaching: ends before beginnings. NULL: a page of the host. */
	const struct bpf_probe *probes;
	const struct bpf_event *events; /* of perf; NULL: none */
	bool python;                    /* events of the kernel in a CPython's threads */
	const char *by_thread;          /* a map of what threads have begun; NULL: none */
	void (*begin)(void *tables);    /* before the first event; NULL: nothing to do */
	/*
	 * What only this module tells its programs; NULL: nothing. Returns why there are no
	 * Python stacks, or 0.
	 */
	int (*configure)(const struct plan *plan, struct config *config);
	size_t state_size; /* of what is kept here, in bpf_loaded.state */
	/* One of the map "events". NULL: it has none. */
	void (*event)(const struct bpf_loaded *l, const void *data, size_t size);
	void (*lines)(FILE *f, const struct bpf_loaded *l, const struct bpf_settings *settings);
};

extern const struct child_ops bpf_ops;
extern const struct bpf_module bpf_gc, bpf_counters, bpf_errors, bpf_spans, bpf_calls, bpf_exec,
	bpf_short_files, bpf_disk_io, bpf_imports, bpf_gc_events, bpf_audit, bpf_gc_cost, bpf_sums,
	bpf_call_times, bpf_call_times_extension, bpf_flow, bpf_flow_extension, bpf_offcpu,
	bpf_syscalls, bpf_faults, bpf_gil, bpf_sampled, bpf_postgres, bpf_glibc, bpf_calls_timed,
	bpf_call_times_timed, bpf_flow_timed;

/* An entry's number as far as the table has them, after the events that found no room. */
static inline size_t bpf_used(const uint64_t *used, size_t room)
{
	uint64_t n = __atomic_load_n(used, __ATOMIC_ACQUIRE);

	return n < room ? (size_t)n : room;
}

/* Whether a name's number can be told: its text is complete. */
static inline bool bpf_name_ready(const struct name_entry *entry)
{
	return __atomic_load_n(&entry->ready, __ATOMIC_ACQUIRE);
}

/* Whether there is a process, or a thread, of this number. */
bool bpf_task_lives(uint32_t number);

#endif
