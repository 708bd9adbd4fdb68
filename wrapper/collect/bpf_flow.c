// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 222: entries and returns one by one. Names are judged here, as they come, and then the
 * programs send those that are wanted, as many as the rate allows; so does this.
 */
#include "bpf/flow.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>

#include "collect/bpf_functions.h"

#define EVENTS 4096    /* of an interval */
#define RATE_USUAL 100 /* as the modules have it */
#define SECOND_NS UINT64_C(1000000000)

struct flow {
	uint64_t left;
	uint64_t second, n_second; /* the one of the last event, and events in it */
	size_t n;
	struct flow_event events[EVENTS];
};

static bool wanted(const struct bpf_loaded *l, uint32_t name)
{
	struct flow_tables *t = l->tables;

	return name && name <= CALL_NAMES &&
	       bpf_name_judge(&t->names[name], l->settings, &t->wanted[name]);
}

static bool allowed(struct flow *flow, uint64_t at_ns, uint64_t rate)
{
	if (flow->second != at_ns / SECOND_NS)
		flow->n_second = 0;
	flow->second = at_ns / SECOND_NS;
	return flow->n_second++ < rate;
}

static void event(const struct bpf_loaded *l, const void *data, size_t size)
{
	uint64_t rate = l->settings->rate ? l->settings->rate : RATE_USUAL;
	const struct flow_event *e = data;
	struct flow_tables *t = l->tables;
	struct flow *flow = l->state;

	t->rate = rate;
	if (size < sizeof(*e) || !wanted(l, e->name))
		return;
	if (flow->n < EVENTS && allowed(flow, e->at_ns, rate))
		flow->events[flow->n++] = *e;
	else
		flow->left++;
}

static int compare(const void *a, const void *b)
{
	const struct flow_event *x = a, *y = b;

	return (x->at_ns > y->at_ns) - (x->at_ns < y->at_ns);
}

static void flow_lines(FILE *f, const struct bpf_loaded *l)
{
	const struct flow_tables *t = l->tables;
	struct flow *flow = l->state;

	qsort(flow->events, flow->n, sizeof(flow->events[0]), compare);
	for (size_t i = 0; i < flow->n; i++) {
		const struct flow_event *e = &flow->events[i];

		fprintf(f,
			"flow\t%zu\t%" PRIu64 "\t%" PRIu32 "\t%" PRIu32 "\t%" PRIu32 "\t%" PRIu32
			"\t%" PRId64 "\n",
			i, e->at_ns, e->tid, e->depth, e->kind, e->name, e->took_ns);
	}
	flow->n = 0;
	fprintf(f, "left\t%" PRIu64 "\n", flow->left + t->left);
}

static void returned_lines(FILE *f, const struct bpf_loaded *l, const struct bpf_settings *s)
{
	flow_lines(f, l);
	fprintf(f, "timed\t0\t%d\t0\t0\n", s->jit);
}

static void timed_lines(FILE *f, const struct bpf_loaded *l, const struct bpf_settings *s)
{
	const struct flow_tables *t = l->tables;

	bpf_open_sweep(l, "open_calls");
	bpf_open_sweep(l, "open_names");
	flow_lines(f, l);
	bpf_switches_line(f, t->switches, s->jit);
}

#define FLOW_MODULE                                                                                \
	.size = sizeof(struct flow_tables), .n_names = offsetof(struct flow_tables, n_names),      \
	.names = offsetof(struct flow_tables, names), .name_room = CALL_NAMES,                     \
	.state_size = sizeof(struct flow), .event = event

const struct bpf_module bpf_flow_timed = { .name = "flow_timed",
					   FLOW_MODULE,
					   .probes = bpf_timed_probes,
					   .by_thread = "by_thread",
					   .configure = bpf_frames_configure,
					   .lines = timed_lines };

const struct bpf_module bpf_flow = { .name = "flow",
				     FLOW_MODULE,
				     .probes = bpf_return_probes,
				     .configure = bpf_frames_configure,
				     .lines = returned_lines };

const struct bpf_module bpf_flow_extension = { .name = "flow_extension",
					       FLOW_MODULE,
					       .probes = bpf_extension_probes,
					       .by_thread = "by_thread",
					       .lines = timed_lines };
