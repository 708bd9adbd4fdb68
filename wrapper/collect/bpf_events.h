/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bpf_events: BPF programs for events of perf, on all processors. They are taken away when the
 * process ends. A processor that comes later has none, and one that goes and comes back has lost
 * its own (perf_event_exit_cpu, kernel/events/core.c): so it is seen to.
 */
#ifndef TELETAP_COLLECT_BPF_EVENTS_H
#define TELETAP_COLLECT_BPF_EVENTS_H

#include <stdint.h>

#include "module/bpf_program.h"

/* A program for a software event; config and every: as of perf_event_open(2). */
struct bpf_event {
	const char *program;
	uint64_t config, every;
};

#define BPF_HZ 0 /* of a clock, in place of every: SAMPLE_TICKS times as often as asked for */

/* Of a processor its first event. */
struct bpf_processor {
	int fd;           /* -1: it was not there when the others were attached */
	uint64_t counted; /* how long, in ns, as of the last look */
};

struct bpf_events {
	struct bpf_processor *list; /* to be freed */
	int n;
	/* What bpf_events_look found. */
	int later, blind; /* processors that came later; that have no event, those included */
};

/* The last one has no program. Returns 0, or -errno with *msg set. */
int bpf_events_attach(struct bpf_events *e, const struct bpf_loaded *l,
		      const struct bpf_event *events, unsigned hz, char **msg);

/* Looks which processors are there without an event. */
void bpf_events_look(struct bpf_events *e);

#endif
