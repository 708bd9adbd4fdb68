/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bpf_spans: tables of operations that begin and end -> lines.
 */
#ifndef TELETAP_COLLECT_BPF_SPANS_H
#define TELETAP_COLLECT_BPF_SPANS_H

#include <stddef.h>

#include "bpf/spans.h"
#include "collect/bpf_collector.h"

void bpf_span_lines(FILE *f, const struct bpf_loaded *l, const struct bpf_settings *settings);

/* What all of a struct bpf_module but its name and its probes is. */
#define BPF_SPANS                                                                                  \
	.size = sizeof(struct span_tables), .n_names = offsetof(struct span_tables, n_names),      \
	.names = offsetof(struct span_tables, names), .name_room = SPAN_OPERATIONS,                \
	.lines = bpf_span_lines

#endif
