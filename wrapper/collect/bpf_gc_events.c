// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 211: the last collections, each with the stack that caused it.
 */
#include "bpf/gc_events.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "collect/bpf_collector.h"
#include "collect/bpf_stacks.h"
#include "cpython/binary.h"
#include "cpython/gc_call_sites.h"

static const struct bpf_probe probes[] = {
	{ "gc__done", "gc_done", 1, 0, 0 },
	{ "gc__start", "gc_start", 1, 3, 0 },
	{ "loaded", "loaded", 0, 0, 0 },
	{ NULL, NULL, 0, 0, 0 },
};

struct collections {
	uint64_t sent; /* of all */
	struct stacks stacks;
};

static int configure(const struct plan *plan, struct config *config)
{
	struct python_collect collect;
	int why = stacks_configure(plan, config);

	if (!why && config->python.r_ending) { /* what causes a collection can be known */
		python_collect_read(plan->python->fd, &collect);
		config->asked[0] = collect.python;
		config->asked[1] = collect.c;
	}
	return why;
}

/* The collection of this number; false: it is being written, or another one has its place. */
static bool take(const struct gc_events_tables *t, uint64_t number, struct gc_event *out)
{
	const struct gc_event *e = &t->events[(number - 1) % GC_EVENTS];

	if (__atomic_load_n(&e->number, __ATOMIC_SEQ_CST) != number)
		return false;
	memcpy(out, e, sizeof(*out));
	return __atomic_load_n(&e->number, __ATOMIC_SEQ_CST) == number;
}

static void event_line(FILE *f, const struct gc_event *e, uint32_t stack, int64_t ahead)
{
	fprintf(f,
		"event\t%" PRIu64 "\t%" PRId32 "\t%" PRId64 "\t%" PRIu64 "\t%" PRId32 "\t%" PRId32
		"\t%" PRId32 "\t%" PRId32 "\t%" PRIu32 "\t%" PRIu32 "\t%" PRIu32 "\t%" PRId64 "\n",
		e->number, e->generation, e->found, e->pause_ns, e->automatic, e->enabled,
		e->ending, e->forked, stack, e->tid, e->pid, (int64_t)e->done_ns + ahead);
}

static void lines(FILE *f, const struct bpf_loaded *l, const struct bpf_settings *settings)
{
	int64_t ahead = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC);
	struct gc_events_tables *t = l->tables;
	struct collections *c = l->state;
	uint64_t n = __atomic_load_n(&t->n_events, __ATOMIC_SEQ_CST), i;
	struct gc_event e;

	fprintf(f, "events\t%" PRIu64 "\n", n);
	for (i = n - c->sent > GC_EVENTS ? n - GC_EVENTS : c->sent; i < n; i++) {
		if (take(t, i + 1, &e))
			event_line(f, &e, stacks_number(&c->stacks, &e.stack, &t->totals.full),
				   ahead);
		else
			__atomic_fetch_add(&t->totals.full, 1, __ATOMIC_SEQ_CST);
	}
	c->sent = n;
	stacks_lines(f, &c->stacks, &t->stacks, settings->why);
}

const struct bpf_module bpf_gc_events = { .name = "gc_events",
					  .size = sizeof(struct gc_events_tables),
					  .n_names = offsetof(struct gc_events_tables, n_names),
					  .names = offsetof(struct gc_events_tables, names),
					  .name_room = WALK_NAMES,
					  .probes = probes,
					  .by_thread = "collections",
					  .state_size = sizeof(struct collections),
					  .configure = configure,
					  .lines = lines };
