// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page 242: operations of an application that begin and end.
 */
#include "collect/bpf_spans.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <inttypes.h>

/* The end comes first: a beginning that is seen has its end seen. */
static const struct bpf_probe probes[] = {
	{ "teletap__span__end", "span_end", 3, 0, 0 },
	{ "teletap__span__begin", "span_begin", 2, 0, 0 },
	{ "teletap__loaded", "loaded", 0, 0, 0 },
	{ NULL, NULL, 0, 0, 0 },
};

/* Forgets spans whose process has ended: they have no end. */
static void sweep(const struct bpf_loaded *l, struct span_tables *t)
{
	int fd = bpf_object__find_map_fd_by_name(l->object, "under_way");
	struct span_key key, next;
	bool has = !bpf_map_get_next_key(fd, NULL, &next), lives = false;
	uint32_t pid = 0;

	while (has) {
		key = next;
		has = !bpf_map_get_next_key(fd, &key, &next);
		if (key.pid != pid)
			lives = bpf_task_lives(key.pid);
		pid = key.pid;
		if (!lives && key.operation <= SPAN_OPERATIONS && !bpf_map_delete_elem(fd, &key))
			__atomic_fetch_add(&t->sums[key.operation].gone, 1, __ATOMIC_SEQ_CST);
	}
}

static void operation_lines(FILE *f, struct span_tables *t, size_t id)
{
	struct span_sums *s = &t->sums[id];
	/* Ends before beginnings, of which there are then as many at least. */
	uint64_t gone = s->gone, ended = __atomic_load_n(&s->ended, __ATOMIC_SEQ_CST);
	uint64_t begun = __atomic_load_n(&s->begun, __ATOMIC_SEQ_CST);

	if (!begun || !bpf_name_ready(&t->names[id]))
		return;
	fprintf(f,
		"span\t%zu\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64
		"\t%" PRId64 "\n",
		id, begun, ended, s->failed, s->again, s->total_ns,
		__atomic_exchange_n(&s->most_ns, 0, __ATOMIC_SEQ_CST));
	if (gone)
		fprintf(f, "spangone\t%zu\t%" PRIu64 "\n", id, gone);
	for (int b = 0; b < HISTOGRAM_BUCKETS; b++) {
		if (t->times[id][b])
			fprintf(f, "spantime\t%zu\t%d\t%" PRIu32 "\n", id, b, t->times[id][b]);
	}
}

void bpf_span_lines(FILE *f, const struct bpf_loaded *l, const struct bpf_settings *settings)
{
	struct span_tables *t = l->tables;
	size_t n = bpf_used(&t->n_names, SPAN_OPERATIONS);

	(void)settings;
	sweep(l, t);
	for (size_t i = 1; i <= n; i++)
		operation_lines(f, t, i);
	fprintf(f, "unpaired\t%" PRIu64 "\n", t->unpaired);
}

const struct bpf_module bpf_spans = { .name = "spans", BPF_SPANS, .probes = probes };
