// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 232: waits for the interpreter lock.
 */
#include "bpf/gil.h"

#include <inttypes.h>
#include <stddef.h>

#include "base/clock.h"
#include "collect/bpf_collector.h"
#include "collect/bpf_stacks.h"
#include "collect/bpf_words.h"
#include "model/histogram.h"

/* A wait that no call has gone on with is over. */
static void close_wait(struct gil_tables *t, struct gil_thread *thread)
{
	int64_t end = __atomic_load_n(&thread->end, __ATOMIC_ACQUIRE), v, most;

	if (__atomic_load_n(&thread->since, __ATOMIC_ACQUIRE) || !end ||
	    clock_ns(CLOCK_MONOTONIC) - end <= GIL_GAP_NS)
		return;
	v = __atomic_exchange_n(&thread->wait_ns, 0, __ATOMIC_SEQ_CST);
	if (!v)
		return;
	__atomic_fetch_add(&t->times[bucket_of(v)], 1, __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&thread->waits, 1, __ATOMIC_SEQ_CST);
	most = __atomic_load_n(&thread->most_ns, __ATOMIC_SEQ_CST);
	while (most < v && !__atomic_compare_exchange_n(&thread->most_ns, &most, v, false,
							__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
}

static void thread_line(FILE *f, struct gil_tables *t, size_t number)
{
	struct gil_thread *thread = &t->threads[number];

	if (!__atomic_load_n(&thread->ready, __ATOMIC_ACQUIRE))
		return;
	close_wait(t, thread);
	fprintf(f, "waiter\t%zu\t%" PRIu32 "\t%" PRIu32, number, thread->tid, thread->pid);
	bpf_text_field(f, thread->name, GIL_NAME, false);
	fprintf(f, "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRId64 "\n",
		thread->waits, thread->calls, thread->forced, thread->total_ns,
		__atomic_exchange_n(&thread->most_ns, 0, __ATOMIC_SEQ_CST));
}

static void lines(FILE *f, const struct bpf_loaded *l, const struct bpf_settings *settings)
{
	struct gil_tables *t = l->tables;
	size_t n = bpf_used(&t->n_threads, GIL_THREADS);
	const struct nodes nodes = { &t->n_nodes, t->nodes, &t->stacks };

	for (size_t i = 1; i <= n; i++)
		thread_line(f, t, i);
	for (int i = 0; i < HISTOGRAM_BUCKETS; i++) {
		if (t->times[i])
			fprintf(f, "waited\t0\t%d\t%" PRIu64 "\n", i, t->times[i]);
	}
	for (int i = 0; i <= WALK_NAMES; i++) {
		if (t->holders[i].samples && (!i || bpf_name_ready(&t->names[i])))
			fprintf(f, "holder\t%d\t%" PRIu64 "\t%" PRIu64 "\n", i,
				t->holders[i].samples, t->holders[i].ns);
	}
	nodes_lines(f, l->state, &nodes, settings->why);
}

const struct bpf_module bpf_gil = { .name = "gil",
				    .size = sizeof(struct gil_tables),
				    .n_names = offsetof(struct gil_tables, n_names),
				    .names = offsetof(struct gil_tables, names),
				    .name_room = WALK_NAMES,
				    .python = true,
				    .state_size = sizeof(struct nodes_sent),
				    .configure = stacks_configure_here,
				    .lines = lines };
