/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bpf_events: BPF programs for events of perf, on all processors. They are taken away when the
 * process ends.
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

/* The last one has no program. Returns 0, or -errno with *msg set. */
int bpf_events_attach(const struct bpf_loaded *l, const struct bpf_event *events, char **msg);

#endif
